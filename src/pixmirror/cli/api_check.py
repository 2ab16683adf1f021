"""Saved answers read as those of an endpoint: what of each was lost, unknown or wrong."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pixmirror.cli.api_look import Look, dumped, error_in, failed, one, status_in, unknown_in, wrong
from pixmirror.cli.common import sentence
from pixmirror.errors import BadResponse, ConfigError, PixmirrorError
from pixmirror.models import Broken, Model, NovelText, Received, Rows, UserPreview, partly_read
from pixmirror.pixiv import reading
from pixmirror.pixiv.app import endpoints as app_endpoints
from pixmirror.pixiv.bodies import parse_json
from pixmirror.pixiv.failures import looks_html, misread
from pixmirror.pixiv.legacy import dumps, objects, rows
from pixmirror.pixiv.legacy import endpoints as legacy_endpoints
from pixmirror.pixiv.lossless import lost
from pixmirror.pixiv.tokens import read_token
from pixmirror.pixiv.web import endpoints as web_endpoints
from pixmirror.pixiv.web import reading as web
from pixmirror.pixiv.web.models import WebIllust, WebNovel, WebUser
from pixmirror.pixiv.web.rows import Camel
from pixmirror.pixiv.wire import Answer

APIS = ("app", "web", "oauth", "papi", "spapi")
ERROR = "error"
MOST_UNKNOWN = 0.5
_WEBVIEW = "/webview/v2/novel"


class Preload(Camel):
    """What the page of a novel brings along (`/novel/show.php`)."""

    timestamp: str | None = None
    novel: Rows[WebNovel]
    user: Rows[WebUser]


WEB: Mapping[str, web_endpoints.Answer] = {
    **web_endpoints.ANSWERS,
    "/novel/show.php": web_endpoints.Answer(Preload, enveloped=False),
}
# A row of a list may have been recorded alone.
WEB_PARTS: Mapping[str, type[Model]] = {
    "/ajax/user/{id}/illusts/bookmarks": WebIllust,
    "/ajax/user/{id}/novels/bookmarks": WebNovel,
}


def reader(api: str, path: str, status: int | None = None) -> Callable[[Path], Look]:
    """Return what reads files as answers of `path`; ConfigError if there is no such API or endpoint."""
    if api not in APIS:
        raise ConfigError(f"There is no API {api!r}: it is one of {', '.join(APIS)}.")
    if path.strip("/") == ERROR and api != "spapi":
        return lambda file: _look(file, lambda body: _error(body, api, status or status_in(file.name)))
    read = _reader(api, path, path_of(path))
    return lambda file: _look(file, read)


def _reader(api: str, path: str, asked: str) -> Callable[[bytes], Look]:
    """Return what reads the bytes of a file."""
    if api in ("papi", "spapi"):
        route = legacy_endpoints.papi(asked) if api == "papi" else legacy_endpoints.spapi(asked)
        if route is None:
            some = "/v1/works/{id}.json" if api == "papi" else "illust.php"
            raise ConfigError(f"No route of {api} is read as {path!r}; one is {some}.")
        return partial(_json, api, partial(_papi, route)) if api == "papi" else partial(_spapi, route)
    known: Mapping[str, object] = {"app": app_endpoints.ANSWERS, "web": WEB, "oauth": app_endpoints.OAUTH}[api]
    find = {"app": app_endpoints.endpoint, "web": web_endpoint}.get(api, lambda asked: asked)
    name = find(asked)
    if name is None or name not in known:
        raise _unknown(api, path, asked, known)
    if api == "web":
        return partial(_json, api, lambda payload: _web(payload, name, asked))
    if api == "oauth":
        return partial(_json, api, _token)
    if name == _WEBVIEW:
        return partial(_json, api, _webview, as_text=True)
    return partial(_json, api, lambda payload: _app(payload, name))


def path_of(text: str) -> str:
    """Return the path in an address or a line of a log: no host, query, end slash, or notes behind it."""
    words = text.split()
    word = next((w for w in words if "/" in w), words[0] if words else "")
    bare = urlsplit(word).path if "://" in word else word.partition("?")[0].partition("#")[0]
    host, slash, rest = bare.partition("/")
    if slash and "." in host:
        bare = f"/{rest}"
    if slash and "/" in bare and not bare.startswith("/"):
        bare = f"/{bare}"
    return bare.rstrip("/") or bare


def web_endpoint(path: str) -> str | None:
    """Find the registered path that this is, with {id} or a number (or ID, TAG) in it; the most literal first."""
    if path in WEB:
        return path
    fitting = [
        name
        for name in WEB
        if re.fullmatch(
            "".join("[^/]+" if p.startswith("{") else re.escape(p) for p in re.split(r"(\{\w+\})", name)), path
        )
    ]
    return min(fitting, key=lambda name: name.count("{"), default=None)


def _unknown(api: str, path: str, asked: str, known: Mapping[str, object]) -> ConfigError:
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
    other = [
        a
        for a, paths in (("app", app_endpoints.ANSWERS), ("web", WEB), ("oauth", app_endpoints.OAUTH))
        if asked in paths
    ]
    if other:
        hint = f"did you mean `pixmirror api check {other[0]} {asked}`?"
    elif close:
        hint = f"did you mean {close[0]}?"
    else:
        hint = "`pixmirror help api` names all, `pixmirror api check --help` shows examples."
    return ConfigError(f"No endpoint of {api} is read as {path!r}; {hint}")


def _look(file: Path, read: Callable[[bytes], Look]) -> Look:
    try:
        look = read(file.read_bytes())
    except OSError as error:
        look = wrong("StorageError", f"It cannot be read: {error.strerror}.")
    except PixmirrorError as error:
        look = failed(error)
    look.file = str(file)
    look.unknown, look.lost = list(dict.fromkeys(look.unknown)), list(dict.fromkeys(look.lost))
    return look


def _json(api: str, read: Callable[[Any], Look], body: bytes, *, as_text: bool = False) -> Look:
    try:
        payload = body.decode() if as_text and looks_html("", body) else parse_json(body)
    except (ValueError, RecursionError):
        what = "a web page" if looks_html("", body) else "no JSON" if body.strip() else "empty"
        return wrong("BadResponse", f"It is {what}, where JSON must be.")
    failure = error_in(api, payload, None, "")
    if failure is not None:
        return failed(failure, "It is an error body: ")
    look = read(payload)
    look.answer = payload
    return look


def _error(body: bytes, api: str, status: int | None) -> Look:
    """Name the error that a saved error body is."""
    if (refusal := misread(Answer(status or 403, "", body), "error")) is not None:
        named = failed(refusal)
        named.unreadable = False
        return named
    try:
        payload = parse_json(body)
    except (ValueError, RecursionError):
        return wrong("BadResponse", "It is no JSON.")
    failure = error_in(api, payload, status, "error")
    if failure is None:
        return wrong("BadResponse", "It is no error body.")
    named = failed(failure)
    try:
        got = reading.one(payload, "", app_endpoints.ErrorBody, ERROR)
    except BadResponse as error:
        named.says = f"{named.says} {sentence(error)}"
        return named
    look = one(got.item, payload)
    look.items, look.error, look.says, look.answer = 0, named.error, named.says, payload
    return look


# The App API ---------------------------------------------------------------------------------------------


def _app(payload: Any, path: str) -> Look:
    kind = app_endpoints.ANSWERS[path]
    if path == "/v1/novel/text" and isinstance(payload, dict) and set(payload) == {"__value__"}:
        payload = {"novel_text": payload["__value__"]}  # only the text itself was saved
    elif part := app_endpoints.part_of(payload, kind):
        return one(part, payload)
    if kind.many:
        return _app_list(payload, path, kind)
    got = reading.one(payload, kind.key, kind.model, path)
    rest = {name: value for name, value in payload.items() if name != kind.key} if kind.key else {}
    _not_another(payload, got.item.extra | rest, path)
    look = one(got.item, got.raw, kind.key)
    look.unknown += rest
    return look


def _app_list(payload: Any, path: str, kind: app_endpoints.Answer) -> Look:
    page = reading.listing(payload, kind.key, kind.model, path)
    _same_list(payload, path)
    look = Look(items=len(page.items), parsed=dict(payload))
    left: dict[str, Any] = {}
    for name, value in payload.items():
        model = kind.model if name == kind.key else app_endpoints.BESIDE.get(name)
        if model is None or not isinstance(value, list | dict) or not value:
            if model is None and name not in app_endpoints.KNOWN:
                look.unknown.append(name)
                left[name] = value
            continue
        many = isinstance(value, list)
        at = f"{name}[]" if many else name
        good, broken = reading.read_items(value if isinstance(value, list) else [value], name, model)
        look.bad += (*broken, *partly_read(good))
        shown = [_with_works(row, look) for row in good]
        look.parsed[name] = shown if many else next(iter(shown), None)
        for index, row in enumerate(good):
            look.unknown += unknown_in(row.item, at)
            look.lost += () if row.odd else lost(row.item, row.raw, at)
            left |= {f"{name}[{index}].{place}": extra for place, extra in row.item.extra.items()}
    _not_another(payload, left, path)
    return look


def _with_works(row: Received[Any], look: Look) -> Any:
    """Return an item as JSON; those of user lists with their works as models."""
    if isinstance(row.item, UserPreview):
        look.bad += reading.preview_works(row.item).unread
    return dumped(row.item)


def _same_list(payload: Mapping[str, Any], path: str) -> None:
    """Refuse an answer whose next page is another list's: it is that list's."""
    address = payload.get(reading.NEXT)
    if not isinstance(address, str):
        return
    other = app_endpoints.endpoint(urlsplit(address).path)
    if other is not None and other != path and not path.startswith(other):
        raise BadResponse(f"{path}: this is an answer of {other}, to judge by its `{reading.NEXT}`.")


def _token(payload: Any) -> Look:
    read_token(payload, 0)
    got = reading.one(payload, "", app_endpoints.TokenAnswer, "/auth/token")
    if reading.account(payload).item.id == 0:
        raise BadResponse("/auth/token: `user.id` is 0.")
    return one(got.item, payload)


def _webview(payload: Any) -> Look:
    page = isinstance(payload, str)
    got = reading.novel_page(payload, _WEBVIEW) if page else reading.one(payload, "", NovelText, _WEBVIEW)
    return one(got.item, got.raw)


# The web -------------------------------------------------------------------------------------------------


def _web(payload: Any, name: str, asked: str) -> Look:
    kind = WEB[name]
    if name in WEB_PARTS and isinstance(payload, dict) and "body" not in payload and "id" in payload:
        part = web.one(payload, WEB_PARTS[name], name)
        return one(part.item, payload)
    got = (
        web_endpoints.answer(payload, name)
        if name in web_endpoints.ANSWERS
        else web.one(payload, kind.model, name)
    )
    _asked_for(got.item, name, asked)
    beside = [key for key in payload if key not in ("error", "message", "body")] if kind.enveloped else []
    _not_another(got.raw, got.item.extra, name)
    look = one(got.item, got.raw)
    look.bad = list(web.broken_in(got.item))
    look.items = sum(_counted(got.item)) or (0 if look.bad else 1)
    look.unknown += beside
    if kind.bare and kind.bare in look.parsed:
        look.parsed = look.parsed[kind.bare]
    return look


def _counted(value: Any) -> Iterator[int]:
    if isinstance(value, Rows):
        yield len(value)
    elif isinstance(value, Model):
        for name in type(value).model_fields:
            yield from _counted(getattr(value, name))


def _asked_for(item: Model, name: str, asked: str) -> None:
    """Refuse the answer for another id than the one asked for."""
    wanted = asked.rpartition("/")[2]
    if not name.endswith("/{id}") or not wanted.isdecimal():
        return
    here = getattr(item, "id", None) or getattr(getattr(item, "user", None), "id", None)
    if isinstance(here, int) and here != int(wanted):
        raise BadResponse(f"{asked}: this is the answer for {here}.")


# The dead APIs -------------------------------------------------------------------------------------------


def _papi(route: str, payload: Any) -> Look:
    found = payload.get("response") if isinstance(payload, dict) else None
    if not isinstance(found, list):
        return wrong("BadResponse", f"{route}: `response` is no list.")
    look = Look(parsed=[])
    for at, row in enumerate(found):
        for raw in objects.ranked(row):
            look.unknown += _papi_unknown(raw)
            try:
                item, app = objects.read(raw)
            except rows.Unreadable as error:
                look.bad.append(Broken(f"response[{at}]", str(error), raw))
                continue
            if broken := _of_another_route(item, f"response[{at}]", raw, route, legacy_endpoints.PAPI[route]):
                look.bad.append(broken)
                continue
            look.items += 1
            look.parsed.append(dumped(item))
            look.lost += lost(item, app, "response[]")
    return look


def _papi_unknown(raw: Any) -> list[str]:
    if not isinstance(raw, dict):
        return []
    inner = objects.inner(raw)
    work = raw[inner] if inner else raw
    return [f"response[].{f'{inner}.' if inner else ''}{name}" for name in work if name not in objects.KNOWN]


def _spapi(route: str, body: bytes) -> Look:
    """Read SPAPI's CSV. What is compared is the columns of each row: how they are quoted says nothing."""
    model = legacy_endpoints.SPAPI[route]
    look = Look(parsed=[], answer=[])
    if not body.strip():
        look.says = dumps.EMPTY
        return look
    for entry in dumps.read_dump(body, f"{route}?id=1" if model is NovelText else route):
        place = f"line {entry.line}"
        if entry.item is None:
            look.bad.append(Broken(place, entry.trouble, entry.raw))
            continue
        look.parsed.append(dumped(entry.item))
        look.answer.append(entry.raw)
        look.lost += lost(entry.item, entry.app)
        if broken := _of_another_route(entry.item, place, entry.raw, route, model):
            look.bad.append(broken)
        else:
            look.items += 1
    return look


def _of_another_route(item: Any, place: str, raw: Any, route: str, model: type[Model]) -> Broken | None:
    if isinstance(item, model):
        return None
    return Broken(place, f"It is a {type(item).__name__}, which {route} does not give.", raw)


# Of all --------------------------------------------------------------------------------------------------


def _not_another(payload: Any, left: Mapping[str, Any], path: str) -> None:
    unread = sum(_leaves(value) for value in left.values())
    if unread > MOST_UNKNOWN * _leaves(payload):
        raise BadResponse(f"{path}: most of this is unknown; it is hardly an answer of that endpoint.")


def _leaves(value: Any) -> int:
    if isinstance(value, Mapping) and value:
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) and value else 1
