"""Rows of lists: what was read beside what was sent, and lists that lose nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_plain_validator_function

from pixmirror.models.base import Model
from pixmirror.models.lenient import Odd, path_of, read

M = TypeVar("M", bound=Model)
T_co = TypeVar("T_co", covariant=True)


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
