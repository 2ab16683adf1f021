"""Reading what was sent: an object without the members that make no sense, and lists that lose no row."""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails
from pydantic_core.core_schema import no_info_plain_validator_function

from pixmirror.models.base import Model

M = TypeVar("M", bound=Model)
T_co = TypeVar("T_co", covariant=True)

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


@dataclass(frozen=True, slots=True)
class Received(Generic[T_co]):
    """An item as a model, beside the JSON object that Pixiv sent for it, and what of it could not be read."""

    item: T_co
    raw: Mapping[str, Any]
    odd: tuple[Odd, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that could not be read: kept raw, counted, reported. `is_partial`: only its member at `path` is."""

    path: str
    reason: str
    raw: Any
    is_partial: bool = False


def partly_read(items: Iterable[Received[Any]]) -> tuple[Broken, ...]:
    """Return the members that could not be read of items that could."""
    return tuple(Broken(o.path, o.reason, r.raw, is_partial=True) for r in items for o in r.odd)


class Rows(tuple[M, ...], Generic[M]):
    """The things of a list that could be read; beside them what was sent (`received`), `broken` rows, `ads`."""

    received: tuple[Received[M], ...] = ()
    broken: tuple[Broken, ...] = ()
    ads: tuple[Broken, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Any], model: type[M], *, gaps: bool = False) -> "Rows[M]":
        good: list[Received[M]] = []
        broken: list[Broken] = []
        ads: list[Broken] = []
        for index, row in enumerate(rows):
            place = f"[{index}]"
            if row is None and gaps:
                continue
            if isinstance(row, dict) and row.get("isAdContainer") and "id" not in row:
                ads.append(Broken(place, "an advertisement", row))
            elif isinstance(found := read_row(row, place, model), Received):
                good.append(found)
            else:
                broken.append(found)
        made = cls(r.item for r in good)
        made.received, made.broken, made.ads = tuple(good), tuple(broken), tuple(ads)
        return made

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the rows one by one as the model that `Rows[...]` names; a map of id to row or null, too."""
        (model,) = get_args(source)

        def read(value: Any) -> Rows[M]:
            if isinstance(value, Rows):
                return value
            if isinstance(value, dict):
                return cls.of(value.values(), model, gaps=True)
            if not isinstance(value, (list, tuple)):
                raise ValueError(f"{type(value).__name__} where a list must be")
            return cls.of(value, model)

        return no_info_plain_validator_function(read)

    def rearranged(self, received: Sequence[Received[M]]) -> "Rows[M]":
        """Return the same rows in another order, or fewer of them; for reading only."""
        made = type(self)(row.item for row in received)
        made.received, made.broken, made.ads = tuple(received), self.broken, self.ads
        return made


def read_as(model: type[M], raw: Any, place: str = "") -> tuple[M, tuple[Odd, ...]]:
    """Read an object, one of the web by its model's shape. Return it and what is odd; or ValidationError."""
    shape = getattr(model, "shape", None)
    return read(model, shape.read(raw) if shape else raw, place)


def read_row(row: Any, place: str, model: type[M]) -> Received[M] | Broken:
    """Read one row of a list; what cannot be read is Broken, with the reason."""
    if not isinstance(row, dict):
        return Broken(place, f"{type(row).__name__} where an object must be", row)
    try:
        item, odd = read_as(model, row, place)
    except ValidationError as exc:
        return Broken(*reason(exc, place), row)
    return Received(item, row, odd)


def reason(exc: ValidationError, place: str) -> tuple[str, str]:
    """Return where and why, of the first thing that is wrong."""
    error = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{place}{path_of(error['loc'])}".lstrip("."), str(error["msg"])
