"""Writes the list of the names that the library promises: `python -m tests.pixiv.names`."""

import importlib
import inspect
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pixmirror.pixiv as library
from pixmirror.pixiv import blocking
from pixmirror.pixiv.resources.forms import Endpoint
from pixmirror.pixiv.resources.lazy import AppResources, WebResources
from pixmirror.pixiv.web.search import Filters
from tests.pixiv import reference

LIST = Path(__file__).with_name("names.txt")


def promised() -> Iterator[str]:
    """Yield a line for each function with its parameters, for each class, enum and model with what it has."""
    for resources in (AppResources, WebResources):
        client = "pixiv.web" if resources is WebResources else "pixiv"
        for name in resources._resources:
            listed = getattr(importlib.import_module(resources._listed_in), name.capitalize())
            for function, endpoint in vars(listed).items():
                if isinstance(endpoint, Endpoint):
                    taken = list(inspect.signature(endpoint.function).parameters)[1:]
                    yield f"{client}.{name}.{function}({', '.join(taken)})"
    for name in library.__all__:
        thing: Any = getattr(library, name)
        if isinstance(thing, type) and issubclass(thing, Enum):
            yield f"{name}: {' '.join(f'{member.name}={member.value}' for member in thing)}"
        elif not isinstance(thing, type):
            yield f"{name}({', '.join(inspect.signature(thing).parameters)})"
    for kind in (
        library.Client,
        blocking.Client,
        library.Page,
        library.Walk,
        blocking.Page,
        blocking.Walk,
        Filters,
    ):
        named = sorted({*dir(kind), *inspect.get_annotations(kind)})
        has = [name for name in named if not name.startswith("_")]
        yield f"{kind.__module__}.{kind.__qualname__}: {' '.join(has)}"
        yield f"{kind.__module__}.{kind.__qualname__}({', '.join([*inspect.signature(kind).parameters])})"
    for model in sorted(reference.reachable(), key=lambda model: model.__name__):
        yield f"{model.__name__}: {' '.join(reference.members(model))}"


if __name__ == "__main__":
    LIST.write_text("\n".join(promised()) + "\n", encoding="utf-8")
