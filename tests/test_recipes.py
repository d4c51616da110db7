"""The README's recipes for other tools give what n(text) gives. Those that take long to install: python tests/recipes.py."""
import pytest
import recipes

LIGHT = {"pandas": "pandas", "Polars": "polars", "DuckDB": "duckdb", "Hugging Face datasets": "datasets"}


@pytest.mark.filterwarnings("default")  # the packages' own
@pytest.mark.parametrize("tool", LIGHT)
def test_a_recipe(tool):
    pytest.importorskip("pyarrow")
    pytest.importorskip(LIGHT[tool])
    recipes.check(tool)


def test_every_recipe_is_run():
    headings = [line[4:] for line in recipes.section().splitlines() if line.startswith("### ")]
    assert headings == ["Ray Data", *recipes.TOOLS]  # the first in test_ray.py
    assert list(recipes.TOOLS) == [*LIGHT, *recipes.PACKAGES]
