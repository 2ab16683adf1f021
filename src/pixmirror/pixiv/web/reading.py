"""Web JSON becomes models, purely."""

from typing import Any, TypeVar

from pydantic import ValidationError

from pixmirror.errors import BadResponse
from pixmirror.models import Broken, Model, Received, Rows, partly_read, read_as, reason

M = TypeVar("M", bound=Model)


def one(raw: Any, model: type[M], endpoint: str, *, strict: bool = False) -> Received[M]:
    """Read a body, or any web object, as its model; `strict`: an odd member makes it a BadResponse."""
    if not isinstance(raw, dict):
        raise BadResponse(f"{endpoint}: {type(raw).__name__} where an object must be.")
    try:
        item, odd = read_as(model, raw)
    except ValidationError as exc:
        raise BadResponse("{}: `{}`: {}.".format(endpoint, *reason(exc, ""))) from exc
    if strict and odd:
        raise BadResponse(f"{endpoint}: `{odd[0].path}`: {odd[0].reason}.")
    return Received(item, raw, odd)


def broken_in(value: Any) -> tuple[Broken, ...]:
    """Return what could not be read, anywhere in a model."""
    if isinstance(value, Rows):
        return value.broken + partly_read(value.received) + tuple(b for item in value for b in broken_in(item))
    if isinstance(value, Model):
        return tuple(b for name in type(value).model_fields for b in broken_in(getattr(value, name)))
    return ()
