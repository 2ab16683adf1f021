"""Saved answers read as those of an endpoint: what of each was lost, unknown or wrong."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pixmirror.cli import api_check_legacy, api_errors
from pixmirror.cli.api_look import Look, dumped, judged, unknown_in, wrong
from pixmirror.cli.common import sentence
from pixmirror.errors import BadResponse, ConfigError, PixmirrorError
from pixmirror.models import Broken, Model, NovelText, Received, UserPreview, partly_read
from pixmirror.pixiv import reading
from pixmirror.pixiv.app import endpoints as app_endpoints
from pixmirror.pixiv.failures import looks_html, misread
from pixmirror.pixiv.jsonbody import parse_json
from pixmirror.pixiv.tokens import read_token
from pixmirror.pixiv.web import endpoints as web_endpoints
from pixmirror.pixiv.web import reading as web
from pixmirror.pixiv.web.models import WebIllust, WebNovel, WebUser
from pixmirror.pixiv.web.rows import Camel, Rows, rows

APIS = ("app", "web", "oauth", *api_check_legacy.APIS)
ERROR = "error"
MOST_UNKNOWN = 0.5
_WEBVIEW = "/webview/v2/novel"


class Preload(Camel):
    """What the page of a novel brings along (`/novel/show.php`)."""

    timestamp: str | None = None
    novel: Annotated[Rows[WebNovel], rows(WebNovel)]
    user: Annotated[Rows[WebUser], rows(WebUser)]


WEB: Mapping[str, web_endpoints.Answer] = {
    **web_endpoints.ANSWERS,
    "/novel/show.php": web_endpoints.Answer(Preload, enveloped=False),
}
# A row of a list may have been recorded alone.
WEB_PARTS: Mapping[str, type[Model]] = {
    "/ajax/user/{id}/illusts/bookmarks": WebIllust,
    "/ajax/user/{id}/novels/bookmarks": WebNovel,
}
Reader = Callable[[Any], Look]


def reader(api: str, path: str, status: int | None = None) -> Callable[[Path], Look]:
    """What reads files as answers of `path`; ConfigError if there is no such API or endpoint."""
    if api not in APIS:
        raise ConfigError(f"There is no API {api!r}: it is one of {', '.join(APIS)}.")
    if path.strip("/") == ERROR and api != "spapi":
        return lambda file: _error(file, api, status)
    asked = path_of(path)
    if api in api_check_legacy.APIS:
        return api_check_legacy.reader(api, path, asked)
    if api == "web":
        name = web_endpoint(asked)
        if name is None:
            raise _unknown(api, path, asked, WEB)
        return lambda file: _look(file, lambda payload: _web(payload, name, asked), api)
    if api == "oauth":
        if asked not in app_endpoints.OAUTH:
            raise _unknown(api, path, asked, app_endpoints.OAUTH)
        return lambda file: _look(file, _token, api)
    known = app_endpoints.endpoint(asked)
    if known is None:
        raise _unknown(api, path, asked, app_endpoints.ANSWERS)
    if known == _WEBVIEW:
        return lambda file: _look(file, _webview, api, as_text=True)
    return lambda file: _look(file, lambda payload: _app(payload, known), api)


def path_of(text: str) -> str:
    """The path of an address, or of what stands in a log: without host, query, end slash, and notes behind it."""
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
    """The registered path that this is, whether it holds {id} or a number (or ID, TAG); the most literal first."""
    if path in WEB:
        return path
    fitting = [
        name
        for name in WEB
        if re.fullmatch("".join("[^/]+" if p.startswith("{") else re.escape(p) for p in _pieces(name)), path)
    ]
    return min(fitting, key=lambda name: name.count("{"), default=None)


def _pieces(name: str) -> list[str]:
    return re.split(r"(\{\w+\})", name)


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


def _look(file: Path, read: Reader, api: str, *, as_text: bool = False) -> Look:
    name = str(file)
    try:
        body = file.read_bytes()
    except OSError as error:
        return wrong(name, "StorageError", f"It cannot be read: {error.strerror}.")
    try:
        payload = body.decode() if as_text and looks_html("", body) else parse_json(body)
    except (ValueError, RecursionError):
        what = "a web page" if looks_html("", body) else "no JSON" if body.strip() else "empty"
        return wrong(name, "BadResponse", f"It is {what}, where JSON must be.")
    try:
        failure = api_errors.named(api, payload, None, "")
        if failure is not None:
            return wrong(name, *api_errors.told(failure), "It is an error body: ")
        return judged(replace(read(payload), file=name), payload)
    except PixmirrorError as error:
        return wrong(name, type(error).__name__, sentence(error))


def _error(file: Path, api: str, status: int | None) -> Look:
    name = str(file)
    try:
        body = file.read_bytes()
    except OSError as error:
        return wrong(name, "StorageError", f"It cannot be read: {error.strerror}.")
    status = status or api_errors.status_in(file.name)
    if (refusal := misread(status or 403, "", body, "error")) is not None:
        said, says = api_errors.told(refusal)
        return Look(name, error=said, says=says)
    try:
        payload = parse_json(body)
    except (ValueError, RecursionError):
        return wrong(name, "BadResponse", "It is no JSON.")
    failure = api_errors.named(api, payload, status, "error")
    if failure is None:
        return wrong(name, "BadResponse", "It is no error body.")
    said, says = api_errors.told(failure)
    try:
        got = reading.one(payload, "", app_endpoints.ErrorBody, ERROR)
    except BadResponse as error:
        return Look(name, error=said, says=f"{says} {sentence(error)}", ok=False)
    look = Look(name, error=said, says=says, parsed=dumped(got.item), unknown=unknown_in(got.item))
    return judged(replace(look, again=reading.again(got.item, payload)), payload)


# The App API ---------------------------------------------------------------------------------------------


def _app(payload: Any, path: str) -> Look:
    kind = app_endpoints.ANSWERS[path]
    if part := _part(payload, kind, path):
        return part
    if kind.many:
        return _app_list(payload, path, kind)
    got = reading.one(payload, kind.key, kind.model, path)
    made = reading.again(got.item, got.raw)
    rest = {name: value for name, value in payload.items() if name != kind.key} if kind.key else {}
    unknown = (*unknown_in(got.item, kind.key), *rest)
    _not_another(payload, got.item.extra | rest, path)
    return Look(
        "",
        items=1,
        unknown=unknown,
        parsed={kind.key: dumped(got.item)} if kind.key else dumped(got.item),
        again={**rest, kind.key: made} if kind.key else made,
    )


def _app_list(payload: Any, path: str, kind: app_endpoints.Answer) -> Look:
    page = reading.listing(payload, kind.key, kind.model, path)
    _same_list(payload, path)
    unknown: list[str] = []
    left: dict[str, Any] = {}
    made: dict[str, Any] = {}
    parsed: dict[str, Any] = {}
    bad: list[Broken] = []
    for name, value in payload.items():
        model = kind.model if name == kind.key else app_endpoints.BESIDE.get(name)
        if model is None or not isinstance(value, list | dict) or not value:
            made[name] = parsed[name] = value
            if model is None and name not in app_endpoints.KNOWN:
                unknown.append(name)
                left[name] = value
            continue
        rows_ = value if isinstance(value, list) else [value]
        good, broken = reading.read_items(rows_, name, model)
        bad += (*broken, *partly_read(good))
        again = {id(row.raw): reading.again(row.item, row.raw) for row in good if not row.odd}
        remade = [again.get(id(row), row) for row in rows_]
        shown = [_with_works(row, bad, unknown) for row in good]
        made[name], parsed[name] = (
            (remade, shown) if isinstance(value, list) else (remade[0], shown[0] if shown else None)
        )
        for index, row in enumerate(good):
            unknown += unknown_in(row.item, f"{name}[]" if isinstance(value, list) else name)
            left |= {f"{name}[{index}].{at}": extra for at, extra in row.item.extra.items()}
    _not_another(payload, left, path)
    return Look(
        "",
        items=len(page.items),
        bad=tuple(bad),
        unknown=tuple(dict.fromkeys(unknown)),
        parsed=parsed,
        again=made,
    )


def _with_works(row: Received[Any], bad: list[Broken], unknown: list[str]) -> Any:
    """An item as JSON; those of user lists with their works as models."""
    shown = dumped(row.item)
    if isinstance(row.item, UserPreview):
        works = reading.preview_works(row.item)
        bad += works.unread
        for name, found in (("illusts", works.illusts), ("novels", works.novels)):
            if name in shown:
                shown[name] = [dumped(work.item) for work in found]
            for work in found:
                unknown += unknown_in(work.item, f"user_previews[].{name}[]")
    return shown


def _same_list(payload: Mapping[str, Any], path: str) -> None:
    """An answer whose next page is another list's is that list's."""
    address = payload.get(reading.NEXT)
    if not isinstance(address, str):
        return
    other = app_endpoints.endpoint(urlsplit(address).path)
    if other is not None and other != path and not path.startswith(other):
        raise BadResponse(f"{path}: this is an answer of {other}, to judge by its `{reading.NEXT}`.")


def _part(payload: Any, kind: app_endpoints.Answer, path: str) -> Look | None:
    """What was recorded without its outer key, or a part of it; None if it is no such thing."""
    if path == "/v1/novel/text" and isinstance(payload, dict) and set(payload) == {"__value__"}:
        found = _app({"novel_text": payload["__value__"]}, path)
        return replace(found, again={"__value__": found.again["novel_text"]})
    item = app_endpoints.part_of(payload, kind)
    if item is None:
        return None
    return Look("", items=1, unknown=unknown_in(item), parsed=dumped(item), again=reading.again(item, payload))


def _token(payload: Any) -> Look:
    read_token(payload, 0)
    account = reading.account(payload)
    got = reading.one(payload, "", app_endpoints.TokenAnswer, "/auth/token")
    if account.item.id == 0:
        raise BadResponse("/auth/token: `user.id` is 0.")
    made = reading.again(got.item, payload)
    return Look("", items=1, unknown=unknown_in(got.item), parsed=dumped(got.item), again=made)


def _webview(payload: Any) -> Look:
    got: Received[NovelText]
    if isinstance(payload, str):
        got = reading.novel_page(payload, _WEBVIEW)
    else:
        got = reading.one(payload, "", NovelText, _WEBVIEW)
    made = payload if isinstance(payload, str) else reading.again(got.item, got.raw)
    return Look("", items=1, unknown=unknown_in(got.item), parsed=dumped(got.item), again=made)


# The web -------------------------------------------------------------------------------------------------


def _web(payload: Any, name: str, asked: str) -> Look:
    kind = WEB[name]
    if name in WEB_PARTS and isinstance(payload, dict) and "body" not in payload and "id" in payload:
        part = web.one(payload, WEB_PARTS[name], name)
        made = reading.again(web.again(part.item, web_endpoints.Answer(WEB_PARTS[name])), payload)
        return Look("", items=1, unknown=unknown_in(part.item), parsed=dumped(part.item), again=made)
    got = web.answer(payload, name) if name in web_endpoints.ANSWERS else web.one(payload, kind.model, name)
    _asked_for(got.item, name, asked)
    made = reading.again(web.again(got.item, kind), payload["body"] if kind.enveloped else payload)
    beside: list[str] = []
    if kind.enveloped:
        made = {**payload, "body": made}
        beside = [key for key in payload if key not in ("error", "message", "body")]
    _not_another(got.raw, got.item.extra, name)
    bad = web.broken_in(got.item)
    shown = dumped(got.item)
    return Look(
        "",
        items=sum(_counted(got.item)) or (0 if bad else 1),
        bad=bad,
        unknown=(*unknown_in(got.item), *beside),
        parsed=shown[kind.bare] if kind.bare and kind.bare in shown else shown,
        again=made,
    )


def _counted(value: Any) -> Iterator[int]:
    if isinstance(value, Rows):
        yield len(value)
    elif isinstance(value, Model):
        for name in type(value).model_fields:
            yield from _counted(getattr(value, name))


def _asked_for(item: Model, name: str, asked: str) -> None:
    """One thing asked for by its id must be that one."""
    wanted = asked.rpartition("/")[2]
    if not name.endswith("/{id}") or not wanted.isdecimal():
        return
    here = getattr(item, "id", None) or getattr(getattr(item, "user", None), "id", None)
    if isinstance(here, int) and here != int(wanted):
        raise BadResponse(f"{asked}: this is the answer for {here}.")


# Of both -------------------------------------------------------------------------------------------------


def _not_another(payload: Any, left: Mapping[str, Any], path: str) -> None:
    unread = sum(_leaves(value) for value in left.values())
    if unread > MOST_UNKNOWN * _leaves(payload):
        raise BadResponse(f"{path}: most of this is unknown; it is hardly an answer of that endpoint.")


def _leaves(value: Any) -> int:
    if isinstance(value, Mapping) and value:
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) and value else 1
