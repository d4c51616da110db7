"""The stage `opencc`: converts the repaired text with OpenCC's own tables. OpenCC is imported on first use."""
from __future__ import annotations

import re
from functools import lru_cache
from typing import Callable, cast

# OpenCC takes UTF-8, which has no place for lone surrogates: the stretches between them are converted.
_SURROGATES = re.compile("([\ud800-\udfff]+)")


@lru_cache(maxsize=None)
def names() -> tuple[str, ...]:
    """The configurations that the installed OpenCC brings."""
    from opencc import CONFIGS

    return tuple(sorted(name[:-5] for name in CONFIGS))


@lru_cache(maxsize=None)
def converter(name: str) -> Callable[[str], str]:
    """One converter for each name and process: it loads its dictionaries when it is made, and never changes after."""
    from opencc import OpenCC

    convert = cast("Callable[[str], str]", OpenCC(name).convert)

    def converted(text: str) -> str:
        if text.isascii():
            return text
        try:
            return convert(text)
        except UnicodeEncodeError:
            parts = _SURROGATES.split(text)
            parts[::2] = [convert(part) if part else part for part in parts[::2]]
            return "".join(parts)

    return converted
