"""Saved answers of the dead APIs, as `api check` reads them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pixmirror.cli import api_errors
from pixmirror.cli.api_look import Look, dumped, judged, wrong
from pixmirror.errors import ConfigError
from pixmirror.models import Broken, Model, NovelText
from pixmirror.pixiv.jsonbody import parse_json
from pixmirror.pixiv.legacy import dumps, endpoints, objects, rows

APIS = ("papi", "spapi")


def reader(api: str, path: str, asked: str) -> Callable[[Path], Look]:
    """What reads files as answers of `path`; ConfigError if there is no such route."""
    route = endpoints.papi(asked) if api == "papi" else endpoints.spapi(asked)
    if route is None:
        some = "/v1/works/{id}.json" if api == "papi" else "illust.php"
        raise ConfigError(f"No route of {api} is read as {path!r}; one is {some}.")
    read = _papi if api == "papi" else _spapi
    return lambda file: _look(file, route, read)


def _look(file: Path, route: str, read: Callable[[bytes, str], tuple[Look, Any]]) -> Look:
    name = str(file)
    try:
        body = file.read_bytes()
    except OSError as error:
        return wrong(name, "StorageError", f"It cannot be read: {error.strerror}.")
    look, sent = read(body, route)
    look = replace(look, file=name)
    return look if look.error else judged(look, sent)


def _papi(body: bytes, route: str) -> tuple[Look, Any]:
    try:
        payload = parse_json(body)
    except (ValueError, RecursionError):
        return wrong("", "BadResponse", "It is no JSON." if body.strip() else "It is empty."), None
    if (failed := objects.failure(payload, route)) is not None:
        return wrong("", *api_errors.told(failed), "It is an error body: "), None
    found = payload.get("response") if isinstance(payload, dict) else None
    if not isinstance(found, list):
        return wrong("", "BadResponse", f"{route}: `response` is no list."), None
    bad: list[Broken] = []
    items: list[Model] = []
    made: list[Any] = []
    unknown: list[str] = []
    for at, row in enumerate(found):
        ranked = objects.ranked(row)
        again = [_one(one, f"response[{at}]", route, items, bad) for one in ranked]
        made.append({**row, "works": again} if ranked != [row] else again[0])
        for one in ranked:
            unknown += _unknown(one)
    return Look(
        "",
        items=len(items),
        bad=tuple(bad),
        unknown=tuple(dict.fromkeys(unknown)),
        parsed=[dumped(item) for item in items],
        again={**payload, "response": made},
    ), payload


def _one(raw: Any, place: str, route: str, items: list[Model], bad: list[Broken]) -> Any:
    """The object made again, or as it is if it cannot be read."""
    try:
        item, _ = objects.read(raw)
    except rows.Unreadable as error:
        bad.append(Broken(place, str(error), raw))
        return raw
    if not isinstance(item, endpoints.PAPI[route]):
        bad.append(Broken(place, f"It is a {type(item).__name__}, which {route} does not give.", raw))
        return raw
    items.append(item)
    return objects.again(item)


def _unknown(raw: Any) -> list[str]:
    if not isinstance(raw, dict):
        return []
    inner = objects.inner(raw)
    work = raw[inner] if inner else raw
    return [f"response[].{f'{inner}.' if inner else ''}{name}" for name in work if name not in objects.KNOWN]


def _spapi(body: bytes, route: str) -> tuple[Look, Any]:
    """The columns of each row are what is compared: how they are quoted says nothing."""
    name = f"{route}?id=1" if endpoints.SPAPI[route] is NovelText else route
    if not body.strip():
        return Look("", says=dumps.EMPTY, parsed=[], again=[]), []
    entries = list(dumps.read_dump(body, name))
    bad = [Broken(f"line {e.line}", e.trouble, e.raw) for e in entries if e.item is None]
    good = [entry for entry in entries if entry.item is not None]
    other = [entry for entry in good if not isinstance(entry.item, endpoints.SPAPI[route])]
    bad += [
        Broken(f"line {e.line}", f"It is a {type(e.item).__name__}, which {route} does not give.", e.raw)
        for e in other
    ]
    made = [e.item.text if isinstance(e.item, NovelText) else list(rows.again(e.item)) for e in good if e.item]
    return Look(
        "",
        items=len(good) - len(other),
        bad=tuple(bad),
        parsed=[dumped(entry.item) for entry in good],
        again=made,
    ), [entry.raw for entry in good]
