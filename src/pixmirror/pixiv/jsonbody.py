"""JSON as it can be stored: refuse or mend what Python's parser takes but nothing behind it can write."""

import json
import re
from math import isfinite
from typing import Any, NoReturn

_HIGH = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_MAYBE_LONE = re.compile(_HIGH + rb"(?!" + _LOW + rb")|(?<!" + _HIGH + rb")" + _LOW)
DEEPEST = 100
_LONE = re.compile("[\ud800-\udfff]")


def parse_json(body: bytes) -> Any:
    """Return the value; ValueError (or RecursionError) if it is not JSON. Half a surrogate pair, which a cut emoji
    leaves and which UTF-8 cannot carry, becomes U+FFFD; NaN and Infinity are refused.
    """
    value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
    if _deeper_than(value, DEEPEST):
        raise ValueError("nested too deeply")
    return _mended(value) if _MAYBE_LONE.search(body) else value


def parse_next(text: str, at: int) -> tuple[Any, int]:
    """Return the value that begins at `at`, and where it ends; errors as of `parse_json`."""
    value, end = _DECODER.raw_decode(text, at)
    if _deeper_than(value, DEEPEST):
        raise ValueError("nested too deeply")
    return _mended(value), end


def _deeper_than(value: Any, levels: int) -> bool:
    """True if lists and objects stand in each other so often that whoever walks through them may fall."""
    level = [value] if isinstance(value, dict | list) else []
    while level and levels:
        children = (parent.values() if type(parent) is dict else parent for parent in level)
        level = [child for row in children for child in row if type(child) is dict or type(child) is list]
        levels -= 1
    return bool(level)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(item) for name, item in value.items()}
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
