"""Reading an object without the members of it that make no sense: they cost themselves, not the object."""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pixmirror.models.base import Model

M = TypeVar("M", bound=Model)

ROUNDS = 20
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_NOT_TEXT_REASON = "it holds U+0000 or half a surrogate pair, which no text can"
_TOO_LONG = frozenset({"string_too_long", "too_long"})
_NOT_TEXT_ERRORS = frozenset({"string_pattern_mismatch", "string_unicode"})
# Lists in which a row keeps its place, so that the third page stays the third.
_PLACES = frozenset({"meta_pages"})
# Lists that are wrong as a whole without one of their rows.
_WHOLE = frozenset({"frames"})


@dataclass(frozen=True, slots=True)
class Odd:
    """A member that could not be read as it was sent, and why."""

    path: str
    reason: str


def read(model: type[M], raw: Any, place: str = "") -> tuple[M, tuple[Odd, ...]]:
    """Read `raw`. Return the model and what was odd, and so left out or cleaned. `place` begins the odd paths.

    Raises the ValidationError of the whole where something vital makes no sense.
    """
    try:
        return model.model_validate(raw), ()
    except ValidationError as error:
        if not isinstance(raw, Mapping):
            raise
        return _read_rest(model, raw, place, error)


def _read_rest(
    model: type[M], raw: Mapping[str, Any], place: str, error: ValidationError
) -> tuple[M, tuple[Odd, ...]]:
    rest, first, odd = copy.deepcopy(dict(raw)), error, dict[str, Odd]()
    for _ in range(ROUNDS):
        # From the last: a row that is taken out of a list must not move those that are still to be.
        for fault in reversed(error.errors(include_url=False, include_input=False)):
            found = _mend(model, rest, raw, fault)
            if found is None:
                raise first
            path = place + path_of(found)
            reason = _NOT_TEXT_REASON if fault["type"] in _NOT_TEXT_ERRORS else str(fault["msg"])
            odd.setdefault(path, Odd(path.lstrip("."), reason))
        try:
            return model.model_validate(rest), tuple(odd.values())
        except ValidationError as again:
            error = again
    raise first


def path_of(steps: tuple[int | str, ...]) -> str:
    """Return a path like .tags[3].name, safe to print and to store."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.encode("ascii", "backslashreplace").decode()[:200].replace("\0", "")


def _mend(
    model: type[Model], rest: dict[str, Any], raw: Mapping[str, Any], fault: ErrorDetails
) -> tuple[int | str, ...] | None:
    """Take what is at fault out of `rest`, or clean or cut it. Return where, or None where that cannot be done."""
    loc, kind = fault["loc"], fault["type"]
    steps = _there(rest, loc)
    if kind == "missing" and len(steps) == len(loc):
        return None
    if not steps or any(step in _WHOLE for step in steps):
        return None
    parent: Any = rest
    for step in steps[:-1]:
        parent = parent[step]
    last: Any = steps[-1]
    value = parent[last]
    cleaned = _NOT_TEXT.sub("", value) if kind in _NOT_TEXT_ERRORS and isinstance(value, str) else value
    if kind in _TOO_LONG and isinstance(value, str | list):
        parent[last] = value[: fault["ctx"]["max_length"]]
    elif cleaned != value:
        parent[last] = cleaned
    elif len(steps) == 1 and (other := model.stand_in(str(last), raw)) is not None and value != other:
        parent[last] = other
    elif steps[0] in model.vital and (len(steps) == 1 or last == "id"):
        return None
    elif isinstance(parent, list) and len(steps) > 1 and steps[-2] in _PLACES and value != {}:
        parent[last] = {}
    else:
        del parent[last]
    return steps


def _there(value: Any, loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return as much of `loc` as exists."""
    steps: list[Any] = []
    for step in loc:
        inside = isinstance(value, dict) and step in value
        if not inside and not (isinstance(value, list) and isinstance(step, int) and step < len(value)):
            break
        value = value[step]
        steps.append(step)
    return tuple(steps)
