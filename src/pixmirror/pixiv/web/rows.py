"""Lists that lose nothing, and objects whose names are the web's."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_plain_validator_function

from pixmirror.models import Broken, Model, Odd, Received, read
from pixmirror.pixiv.reading import read_row
from pixmirror.pixiv.web.mapping import Shape

M = TypeVar("M", bound=Model)


# PHP writes an empty map as a list.
Map = Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value == [] else value)]


class Camel(Model):
    """Names as Python writes them for those of the web."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Facts(Camel):
    """What only the web says of a thing. `as_sent`: what cannot be told from what it was read into."""

    as_sent: dict[str, Any] = Field(default_factory=dict)


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
            elif isinstance(found := read_row(row, place, model, read_as), Received):
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
    """Read a web object, by its model's shape if it has one. Return it and what is odd; or ValidationError."""
    shape: Shape | None = getattr(model, "shape", None)
    return read(model, shape.read(raw) if shape else raw, place)
