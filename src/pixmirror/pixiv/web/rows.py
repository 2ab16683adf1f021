"""Lists that lose nothing, values that remember how they were sent, and the way back to web JSON."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import ConfigDict, Field, PlainValidator, ValidationError, WrapValidator
from pydantic.alias_generators import to_camel

from pixmirror.models import Broken, Model, Odd, Received, path_of, read
from pixmirror.pixiv.web.mapping import Shape

M = TypeVar("M", bound=Model)


class TextInt(int):
    """A number that was sent as text."""


class EmptyMap(dict[str, Any]):
    """An empty map as PHP writes it: []."""


def _int(value: Any, handler: Callable[[Any], int]) -> int:
    number = handler(value)
    return TextInt(number) if isinstance(value, str) and str(number) == value else number


def _map(value: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    return EmptyMap() if value == [] else handler(value)


Int = Annotated[int, WrapValidator(_int)]
Map = Annotated[dict[str, Any], WrapValidator(_map)]


class Camel(Model):
    """Names as Python writes them for those of the web."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Facts(Camel):
    """What only the web says of a thing. `read_paths` were read into the shared fields; `as_sent` holds the
    form of those that changed on the way.
    """

    read_paths: tuple[str, ...] = ()
    as_sent: dict[str, Any] = Field(default_factory=dict)


class Rows(tuple[M, ...], Generic[M]):
    """A list of things: those that could be read, beside what was sent for each; `broken` and `ads` are not in
    the tuple.
    """

    received: tuple[Received[M], ...] = ()
    broken: tuple[Broken, ...] = ()
    ads: tuple[Broken, ...] = ()
    places: tuple[int, ...] = ()
    as_map: tuple[str, ...] | None = None

    @classmethod
    def of(cls, rows: Iterable[Any], model: type[M], keys: tuple[str, ...] | None = None) -> "Rows[M]":
        good: list[Received[M]] = []
        broken: list[Broken] = []
        ads: list[Broken] = []
        places: list[int] = []
        for index, row in enumerate(rows):
            place = f"[{index}]"
            if row is None and keys is not None:
                continue
            if isinstance(row, dict) and row.get("isAdContainer") and "id" not in row:
                ads.append(Broken(place, "an advertisement", row))
                continue
            try:
                if not isinstance(row, dict):
                    raise TypeError(f"{type(row).__name__} where an object must be")
                item, odd = read_as(model, row, place)
                good.append(Received(item, row, odd))
                places.append(index)
            except ValidationError as exc:
                broken.append(Broken(*reason(exc, place), row))
            except TypeError as exc:
                broken.append(Broken(place, str(exc), row))
        made = cls(r.item for r in good)
        made.received, made.broken, made.ads = tuple(good), tuple(broken), tuple(ads)
        made.places, made.as_map = tuple(places), keys
        return made

    def rearranged(self, received: Sequence[Received[M]]) -> "Rows[M]":
        """The same rows in another order, or fewer of them; for reading only."""
        made = type(self)(row.item for row in received)
        made.received, made.broken, made.ads = tuple(received), self.broken, self.ads
        made.places = tuple(range(len(made)))
        return made


def read_as(model: type[M], raw: Any, place: str = "") -> tuple[M, tuple[Odd, ...]]:
    """The model of a web object, by the model's shape if it has one, and what of it is odd; ValidationError if it
    is none.
    """
    shape: Shape | None = getattr(model, "shape", None)
    return read(model, shape.read(raw) if shape else raw, place)


def reason(exc: ValidationError, place: str) -> tuple[str, str]:
    """Where and why, of the first thing that is wrong."""
    error = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{place}{path_of(error['loc'])}".lstrip("."), str(error["msg"])


def rows(model: type[M]) -> PlainValidator:
    """A list whose rows are read one by one; a map of id to row, or to null, too."""

    def read(value: Any) -> Rows[M]:
        if isinstance(value, Rows):
            return value
        if isinstance(value, dict):
            return Rows.of(value.values(), model, tuple(value))
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{type(value).__name__} where a list must be")
        return Rows.of(value, model)

    return PlainValidator(read)


def sent(value: Any) -> Any:
    """The web JSON again, of what was read from it: models, their extras and all."""
    if isinstance(value, Model):
        out = {
            field.alias or name: sent(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if name in value.model_fields_set
        }
        out |= {name: sent(left) for name, left in (value.__pydantic_extra__ or {}).items()}
        shape: Shape | None = getattr(type(value), "shape", None)
        return shape.write(out) if shape else out
    if isinstance(value, Rows):
        return _sent_rows(value)
    if isinstance(value, TextInt):
        return str(int(value))
    if isinstance(value, EmptyMap):
        return []
    if isinstance(value, dict):
        return {name: sent(child) for name, child in value.items()}
    if isinstance(value, (tuple, list)):
        return [sent(child) for child in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _sent_rows(value: "Rows[Any]") -> Any:
    at = {index: sent(item) for index, item in zip(value.places, value, strict=True)}
    for other in (*value.broken, *value.ads):
        at[int(other.path[1 : other.path.index("]")])] = other.raw
    if value.as_map is not None:
        return {key: at.get(index) for index, key in enumerate(value.as_map)}
    return [at[index] for index in sorted(at)]
