"""Proof that nothing of an answer was lost: the model holds each of its values, in a field or in `extra`."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pixmirror.models import Model, Rows
from pixmirror.pixiv.web.mapping import alike


def lost(held: Any, sent: Any, at: str = "") -> Iterator[str]:
    """Yield the JSON path of each value of `sent` that `held`, which was read from it, does not hold. A value that
    differs in form alone is held (`mapping.alike`). Within models of the web the paths are App-shaped.
    """
    if isinstance(held, Model):
        shape = getattr(type(held), "shape", None)
        yield from lost(_by_key(held, sent), shape.read(sent) if shape else sent, at)
    elif isinstance(held, Rows):
        rows = [row for row in sent.values() if row is not None] if isinstance(sent, Mapping) else sent or ()
        if len(rows) != len(held.received) + len(held.broken) + len(held.ads):
            yield at or "(all)"
        for row in held.received:
            yield from lost(row.item, row.raw, f"{at}[]")
    elif isinstance(held, Mapping) and isinstance(sent, Mapping):
        for key, value in sent.items():
            place = f"{at}.{key}".lstrip(".")
            yield from lost(held[key], value, place) if key in held else (place,)
    elif isinstance(held, tuple | list) and isinstance(sent, tuple | list) and len(held) == len(sent):
        for mine, theirs in zip(held, sent, strict=True):
            yield from lost(mine, theirs, f"{at}[]")
    elif not alike(held, sent) and not _reads_as(sent, held):
        yield at or "(all)"


def _by_key(model: Model, sent: Any) -> Any:
    """Return what a model holds, by the names that the answer has for it; its name if the answer has no more."""
    if not isinstance(sent, Mapping):
        return getattr(model, "name", None)
    fields = type(model).model_fields
    named = {name: getattr(model, name) for name in fields if name in model.model_fields_set}
    aliased = {alias: named[name] for name in named if (alias := fields[name].alias) is not None}
    return {**named, **aliased, **(model.__pydantic_extra__ or {})}


def _reads_as(sent: Any, held: Any) -> bool:
    """True if a model's field takes the one value for the other: seconds since 1970 for a time, "true" for yes."""
    if held is None or sent is None or isinstance(sent, Mapping | list):
        return False
    try:
        return bool(TypeAdapter(type(held)).validate_python(sent) == held)
    except ValidationError:
        return False
