"""The configuration as pages show it: each key as it is written in the config file, and whence it is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from pixmirror.models.values import WRITERS


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: its value as the user writes it ("" for none), and whether that is of the config, or the usual."""

    text: str
    origin: str


def settings_of(part: BaseModel, table: str = "", env: Mapping[str, str] | None = None) -> dict[str, Setting]:
    """Return the keys of a table. What is secret is not shown. `env`: its variables stand above the file."""
    variables = {name.upper(): name for name in env or {}}
    found = {}
    for name, field in type(part).model_fields.items():
        variable = variables.get(f"PIXMIRROR_{table}__{name}".upper())
        origin = "the config" if name in part.model_fields_set else "usual"
        found[name] = Setting(
            _text(field, getattr(part, name)), f"the variable {variable}" if variable else origin
        )
    return found


def _text(field: FieldInfo, value: Any) -> str:
    if isinstance(value, SecretStr) or (value and not field.repr):
        return "set, and not shown"
    if value is None:
        return ""
    if (writer := _writer(field)) is not None:
        return writer(value)
    if isinstance(value, bool):
        return str(value).lower()
    return (
        ", ".join(map(str, value))
        if isinstance(value, tuple | Mapping) and not hasattr(value, "_fields")
        else str(value)
    )


def _writer(field: FieldInfo) -> Callable[[Any], str] | None:
    """Return how a value of this key is written, if it is read in a way of its own."""
    readers = (
        part.func for part in (*field.metadata, *_within(field.annotation)) if isinstance(part, BeforeValidator)
    )
    return next((WRITERS[reader] for reader in readers if reader in WRITERS), None)


def _within(annotation: Any) -> Iterator[Any]:
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _within(part)
