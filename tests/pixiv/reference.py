"""What the pages `help api` and `help models` list, read from the library: functions, and models with fields."""

import importlib
import inspect
import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pixmirror.pixiv as library
from pixmirror import models
from pixmirror.cli import api as commands
from pixmirror.models import Model
from pixmirror.pixiv.app import download
from pixmirror.pixiv.client import Client
from pixmirror.pixiv.resources.forms import Endpoint, PastCap
from pixmirror.pixiv.resources.lazy import WebResources
from pixmirror.pixiv.web import search as web_search
from tests.pixiv.covered import REPO

FEW = 4  # so many values of a parameter stand in the signature; more stand below it
GIVEN = (models.Received, models.Listing, models.Broken, models.Odd, models.Token)
CITATION = re.compile(r"\s*\((?:pixiv\.md|document)[^)]*\)")


# Types --------------------------------------------------------------------------------------------------


def shown(hint: Any) -> str:
    """Write a type as one would, without the modules."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is None or hint is type(None):
        return "None"
    if hint is Any or hint is ...:
        return "Any" if hint is Any else "..."
    if origin is Annotated:
        return shown(args[0])
    if origin is Literal:
        return " | ".join(dict.fromkeys(f'"{a}"' if isinstance(a, str) else str(a) for a in args))
    if origin in (Union, types.UnionType):
        parts = dict.fromkeys(part for arg in args for part in shown(arg).split(" | "))
        return " | ".join(part for part in parts if part[0] != '"' or "str" not in parts)
    if origin is not None:
        name = getattr(origin, "__name__", str(origin))
        if isinstance(args[0], list):
            return f"{name}[[{', '.join(map(shown, args[0]))}], {', '.join(map(shown, args[1:]))}]"
        return f"{name}[{', '.join(map(shown, args))}]"
    name = str(getattr(hint, "__name__", hint))
    return {"AwareDatetime": "datetime", "T_co": "T"}.get(name, name)


def _narrow(hint: Any) -> Any:
    """Return a type without the values that are too many for a signature."""
    if get_origin(hint) is Literal and len(get_args(hint)) > FEW:
        return type(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return Union[tuple(_narrow(arg) for arg in get_args(hint))]  # noqa: UP007
    return hint


def _default(value: Any) -> str:
    if isinstance(value, Enum):
        return repr(value.value)
    return f'"{value}"' if isinstance(value, str) else repr(value)


def signature(name: str, function: Callable[..., Any], *, leave_out: tuple[str, ...] = ("self", "api")) -> str:
    """Write a call as Python does, with types, without the API that it takes first."""
    hints = typing.get_type_hints(function)
    parts: list[str] = []
    named = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in leave_out:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not named:
            named = True
            parts.append("*")
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        text = f"{stars}{parameter.name}: {shown(_narrow(hints.get(parameter.name, Any)))}"
        if parameter.default is not parameter.empty:
            text += f" = {_default(parameter.default)}"
        parts.append(text)
    gives = shown(hints["return"]) if "return" in hints else "None"
    return f"{name}({', '.join(parts)}) -> {gives}"


# Functions ----------------------------------------------------------------------------------------------


def covered() -> dict[str, dict[str, Any]]:
    """Return what each function takes, as far as the tables of coverage tell: {function: {parameter: kind}}."""
    found: dict[str, dict[str, Any]] = {}
    for table in ("coverage.toml", "coverage_web.toml"):
        for entry in tomllib.loads((REPO / "tests" / table).read_text(encoding="utf-8"))["endpoint"]:
            found.setdefault(entry["function"], {}).update(entry["params"])
    return found


def first(thing: Any) -> str:
    """Return the first sentence of a docstring."""
    text = CITATION.sub("", " ".join((inspect.getdoc(thing) or "").split()))
    return re.split(r"(?<=\.) (?!\.)", text, maxsplit=1)[0].rstrip(".:") + "."


def request(function: Callable[..., Any]) -> str:
    """Return method and path, as the docstring names them."""
    named = re.search(r"\b(GET|POST)\s+(/[^\s:;,]+)", function.__doc__ or "")
    return f"{named[1]} {named[2].rstrip('.')}" if named else ""


def _values(kind: Any) -> str:
    """Return what of a parameter's values the type does not say."""
    if isinstance(kind, list):
        return " | ".join(map(str, kind))
    if re.fullmatch(r"[\d.-]+-[\d.]+", str(kind)):
        return f"{kind.partition('-')[0]} to {kind.partition('-')[2]}"
    return ""


def entry(
    name: str, function: Callable[..., Any], params: dict[str, Any], endpoint: Endpoint[Any, Any]
) -> Iterator[str]:
    call = signature(name, function, leave_out=("api", "filter", "next")).replace(", *)", ")").replace("(*)", "()")
    gives = re.sub(r"-> Received\[(.*)\]$", r"-> \1", call)
    gives = re.sub(r"-> Listing\[(.*)\]$", r"-> Page[\1]", gives)
    if isinstance(endpoint, PastCap):
        gives = gives.replace("-> Page[", "-> Iterator[")
    yield f"- `{gives}`"
    asked = request(function)
    yield f"  {first(function)}{f' {asked}' if asked else ''}"
    for parameter, kind in params.items():
        if (values := _values(kind)) and parameter in inspect.signature(function).parameters:
            yield f"  - `{parameter}`: {values}"


def functions(resources: Any) -> Iterator[str]:
    """Write every function of an API as a client has it, module by module."""
    known = covered()
    client = "pixiv.web" if resources is WebResources else "pixiv"
    for resource in resources._resources:
        listed = getattr(importlib.import_module(resources._listed_in), resource.capitalize())
        yield f"\n### {client}.{resource}: {listed._module.__name__}\n"
        for name, endpoint in vars(listed).items():
            if isinstance(endpoint, Endpoint):
                params = known.get(f"{listed._module.__name__}.{name}", {})
                yield from entry(f"{client}.{resource}.{name}", endpoint.function, params, endpoint)


def filters() -> Iterator[str]:
    """Write what narrows the website's searches."""
    kinds = covered()["pixmirror.pixiv.web.search.artworks"]
    hints = typing.get_type_hints(web_search.Filters)
    yield f"- `Filters({', '.join(f'{name}: {shown(hint)} = None' for name, hint in hints.items())})`"
    yield f"  {first(web_search.Filters)}"
    for name in hints:
        if values := _values(kinds.get(name)):
            yield f"  - `{name}`: {values}"


def others() -> Iterator[str]:
    """Write what else `pixmirror.pixiv` has, and a Client."""
    for name in library.__all__:
        thing = getattr(library, name)
        if isinstance(thing, type) and issubclass(thing, Enum):
            yield f"- `{name}`: {', '.join(f'{m.name} = {_default(m.value)}' for m in thing)}"
        elif isinstance(thing, type):
            yield f"- `{name}`: {first(thing)}"
        else:
            yield f"- `{signature(name, thing, leave_out=('self',))}`"
            yield f"  {first(thing)}"
    yield "\n### pixmirror.pixiv.Client\n"
    yield f"- `{signature('Client', Client.__init__).removesuffix(' -> None')}`"
    for name, thing in vars(Client).items():
        if name.startswith("_"):
            continue
        if isinstance(thing, (property, cached_property)):
            made = thing.fget if isinstance(thing, property) else thing.func
            yield f"- `{name}: {shown(typing.get_type_hints(made)['return'])}`"
            yield f"  {first(thing)}"
        elif inspect.isfunction(thing):
            yield f"- `{signature(name, thing)}`"
            if thing.__doc__:
                yield f"  {first(getattr(download, name, thing))}"


# Models -------------------------------------------------------------------------------------------------


def _named(hint: Any) -> Iterator[Any]:
    """Yield every class of ours that a type names."""
    origin = get_origin(hint)
    for part in (origin, *get_args(hint)) if origin else (hint,):
        if isinstance(part, list):
            for one in part:
                yield from _named(one)
        elif get_origin(part):
            yield from _named(part)
        elif isinstance(part, type) and (issubclass(part, Model) or (is_dataclass(part) and _ours(part))):
            yield from _generic(part)


def _ours(kind: type) -> bool:
    return kind.__module__.startswith(("pixmirror.models", "pixmirror.pixiv.reading", "pixmirror.pixiv.web"))


def _generic(kind: type) -> Iterator[type]:
    """Yield a model; of `Works[WebIllust]` Works itself, and what it is made of."""
    made = getattr(kind, "__pydantic_generic_metadata__", {})
    yield made.get("origin") or kind
    for argument in made.get("args", ()):
        yield from _named(argument)


def members(model: type) -> dict[str, Any]:
    """Return each field with its type."""
    if issubclass(model, Model):
        return {name: info.annotation for name, info in model.model_fields.items()}
    hints = typing.get_type_hints(model)
    return {f.name: hints[f.name] for f in fields(model)}  # type: ignore[arg-type]


def _own(model: type) -> dict[str, Any]:
    """Return the fields that a model has beside those of what it extends."""
    before = members(base) if (base := extends(model)) else {}
    return {name: kind for name, kind in members(model).items() if name not in before or before[name] != kind}


def extends(model: type) -> type | None:
    for base in model.__mro__[1:]:
        if base is Model or not issubclass(base, Model):
            break
        origin = base.__pydantic_generic_metadata__["origin"]
        if members(base) and origin is not model:
            return origin or base
    return None


def reachable() -> list[type]:
    """Return the models that the functions give, and all those within."""
    found: dict[type, None] = {}
    left: list[Any] = list(GIVEN)
    for api in ("app", "web"):
        left += [typing.get_type_hints(function)["return"] for function in commands.functions(api).values()]
    while left:
        for kind in _named(left.pop(0)):
            if kind not in found:
                found[kind] = None
                left += [*members(kind).values(), *([base] if (base := extends(kind)) else [])]
    return list(found)


def _properties(model: type) -> Iterator[tuple[str, str, str]]:
    for name, thing in vars(model).items():
        if not isinstance(thing, property) or name.startswith("_") or not thing.fget:
            continue
        if (kind := typing.get_type_hints(thing.fget)["return"]) is not typing.NoReturn:
            yield name, shown(kind), first(thing) if thing.__doc__ else ""


def model_entry(model: type) -> Iterator[str]:
    base = extends(model)
    yield f"### {model.__name__}\n"
    said = [f"All of `{base.__name__}`, and what is below."] if base else []
    doc = "" if _is_made(model) else inspect.cleandoc(vars(model).get("__doc__") or "")
    text = CITATION.sub("", " ".join(doc.split("\n\n")[0].split()))
    if text or said:
        yield " ".join((text, *said)).strip() + "\n"
    own, computed = _own(model), list(_properties(model))
    if not own and not computed:
        return
    yield "| Field | Type | |\n|---|---|---|"
    for name, hint in own.items():
        yield f"| `{name}` | `{_cell(shown(hint))}` | |"
    for name, hint, says in computed:
        yield f"| `{name}` | `{_cell(hint)}` | {_cell(says)} |"
    yield ""


def _is_made(model: type) -> bool:
    """True of a dataclass without a docstring, which gets one made of its fields."""
    return (model.__doc__ or "").startswith(f"{model.__name__}(")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def model_groups() -> Iterator[str]:
    """Write every model, those of the App API before those of the website."""
    found = sorted((m for m in reachable() if m not in GIVEN), key=lambda m: m.__name__)
    parts: dict[str, Iterable[type]] = {
        "What functions give": GIVEN,
        "Works, users, lists": [m for m in found if not _web(m)],
        "What only the website says": [m for m in found if _web(m)],
    }
    for title, kinds in parts.items():
        yield f"## {title}\n"
        for model in kinds:
            yield from model_entry(model)


def _web(model: type) -> bool:
    return model.__module__.startswith("pixmirror.pixiv.web")
