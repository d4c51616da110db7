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
    section = recipes.HERE.parents[1].joinpath("README.md").read_text(encoding="utf-8").split("\n## In other tools\n")[1]
    headings = [line[4:] for line in section.split("\n## ")[0].splitlines() if line.startswith("### ")]
    assert headings == ["Ray Data", *recipes.TOOLS]  # the first in test_ray.py
    assert list(recipes.TOOLS) == [*LIGHT, *recipes.PACKAGES]
