"""Around the stand-in: remembers what it answered, and lets the mirror die while an answer is on its way.

Only answers 200 are remembered as versions; a 404 is a sighting. What the process may have lost because it was
killed at that moment is told apart by `lost`.
"""

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixmirror.demo.things import Key
from tests.simulation.clock import YearClock
from tests.simulation.content import (
    Content,
    is_stub,
    novel_text,
    placeholder,
    profile_content,
    user_content,
    work_content,
)
from tests.virtual_time import answering

RISK_MS = 1000  # before a kill


@dataclass(slots=True)
class Stretch:
    """One content in answers of one class, until another came; `at` is when each was given."""

    content: Any
    at: list[int]


@dataclass(frozen=True, slots=True)
class Request:
    at: int
    path: str
    status: int

    @property
    def is_api(self) -> bool:
        return self.path.startswith(("/v1/", "/v2/", "/v3/", "/webview/", "/ajax/"))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of comments: what it held, and whether it was the last."""

    at: int
    offset: int
    ids: frozenset[int]
    is_last: bool


@dataclass(slots=True)
class Recorder:
    """The app, remembered."""

    app: ASGIApp
    clock: YearClock
    requests: list[Request] = field(default_factory=list)
    versions: dict[tuple[str, Any, str], list[Stretch]] = field(default_factory=lambda: defaultdict(list))
    sightings: dict[tuple[str, Any], list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    bookmarks: dict[Key, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    follows: dict[int, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    ranked: dict[tuple[str, str, str, int, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    comment_pages: dict[Key, list[Page]] = field(default_factory=lambda: defaultdict(list))
    tagged: dict[str, list[tuple[int, frozenset[int]]]] = field(default_factory=lambda: defaultdict(list))
    kills: list[tuple[int, int]] = field(default_factory=list)  # from, until
    errors: Counter[tuple[str, int]] = field(default_factory=Counter)
    _fatal: tuple[Callable[[str], bool], Callable[[], None]] | None = None

    # -- dying ---------------------------------------------------------------------------------------------

    def arm(self, when: Callable[[str], bool], die: Callable[[], None]) -> None:
        """`die` is called while the next answer to a path for which `when` holds is on its way."""
        self._fatal = (when, die)

    def disarm(self) -> None:
        self._fatal = None

    def killed(self, at: int, until: int) -> None:
        self.kills.append((at, until))

    def lost(self, at: int) -> bool:
        """Whether what was answered then may never have been written down."""
        return any(begin - RISK_MS <= at <= end for begin, end in self.kills)

    def sure(self, times: list[int]) -> int | None:
        """The first of these times that no kill can have undone."""
        return next((at for at in times if not self.lost(at)), None)

    # -- answering -----------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await answering(self.app)(scope, receive, send)
            return
        status, body = 0, b""

        async def keep(message: Message) -> None:
            nonlocal status, body
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    self._learn(scope, status, body)
            await send(message)

        await answering(self.app)(scope, receive, keep)

    def _learn(self, scope: Scope, status: int, body: bytes) -> None:
        path, now = scope["path"], self.clock.now()
        request = Request(now, path, status)
        self.requests.append(request)
        if self._fatal is not None and self._fatal[0](path):
            die, self._fatal = self._fatal[1], None
            asyncio.get_running_loop().call_soon(die)
        query = dict(parse_qsl(scope["query_string"].decode()))
        if status == 404:
            self._missing(path, query, now)
        elif status != 200:
            self.errors[path, status] += 1
        elif path == "/webview/v2/novel":
            self._version("text", ("novel", int(query["id"])), "webview", novel_text(body.decode()), now)
        elif request.is_api:
            self._answer(path, query, json.loads(body), now)
        elif path != "/auth/token":
            self.files[path].append((now, hashlib.sha256(body).hexdigest()))

    def _missing(self, path: str, query: Mapping[str, str], now: int) -> None:
        if path.endswith("/detail") and "user" in path:
            self.sightings["user", int(query["user_id"])].append((now, "404"))
        elif path in ("/v1/illust/detail", "/v2/novel/detail"):
            medium = "novel" if "novel" in path else "illust"
            self.sightings["work", (medium, int(query[f"{medium}_id"]))].append((now, "404"))
        else:
            self.errors[path, 404] += 1

    def _answer(self, path: str, query: Mapping[str, str], data: Any, now: int) -> None:
        place = "detail" if path.endswith("/detail") else "own" if path in _OWN else "list"
        for medium, raw in _works(data):
            self._work(medium, raw, place, now)
        for raw in _users(data):
            self._version("user", raw["id"], "list", user_content(raw), now)
        if "profile" in data:
            user_id = data["user"]["id"]
            self._version("user", user_id, "detail", profile_content(data), now)
            self.sightings["user", user_id].append((now, "live"))
        if "comments" in data:
            self._comments(path, query, data, now)
        if path.startswith("/v1/user/bookmarks/"):
            self._bookmarks(path, query, data, now)
        elif path == "/v1/user/following":
            for preview in data["user_previews"]:
                self.follows[preview["user"]["id"]].append((now, query["restrict"]))
        elif path.endswith("/ranking"):
            medium = "novel" if "novel" in path else "illust"
            for rank, raw in enumerate(data["novels" if medium == "novel" else "illusts"], 1):
                rank += int(query.get("offset", 0))
                self.ranked[medium, query["mode"], query["date"], rank, raw["id"]].append(now)

    def _work(self, medium: str, raw: Mapping[str, Any], place: str, now: int) -> None:
        key = (medium, raw["id"])
        if is_stub(raw):
            self.sightings["work", key].append((now, placeholder(raw)))
            return
        self.sightings["work", key].append((now, "live"))
        self._version("work", key, place, work_content(raw), now)

    def _version(self, kind: str, subject: Any, place: str, content: Content | str, now: int) -> None:
        stretches = self.versions[kind, subject, place]
        if stretches and stretches[-1].content == content:
            stretches[-1].at.append(now)
        else:
            stretches.append(Stretch(content, [now]))

    def _bookmarks(self, path: str, query: Mapping[str, str], data: Any, now: int) -> None:
        medium = path.rsplit("/", 1)[1]
        ids = [raw["id"] for raw in data["novels" if medium == "novel" else "illusts"]]
        for work_id in ids:
            self.bookmarks[medium, work_id].append((now, query["restrict"]))
        if "tag" in query:
            self.tagged[query["tag"]].append((now, frozenset(ids)))

    def _comments(self, path: str, query: Mapping[str, str], data: Any, now: int) -> None:
        medium = "novel" if "novel" in path else "illust"
        for raw in data["comments"]:
            content = {"text": raw["comment"], "stamp": (raw["stamp"] or {}).get("stamp_id")}
            self._version("comment", (medium, raw["id"]), "list", content, now)
        if "replies" not in path:
            ids = frozenset(raw["id"] for raw in data["comments"])
            page = Page(now, int(query.get("offset", 0)), ids, data["next_url"] is None)
            self.comment_pages[medium, int(query[f"{medium}_id"])].append(page)


_OWN = ("/v1/user/illusts", "/v1/user/novels")


def _works(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for medium in ("illust", "novel"):
        if medium in data:
            yield medium, data[medium]
        for raw in data.get(f"{medium}s", ()):
            yield medium, raw
    for preview in data.get("user_previews", ()):
        yield from _works(preview)


def _users(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every user in an answer who is somebody, also authors of works and comments."""
    for _, raw in _works(data):
        if not is_stub(raw):
            yield raw["user"]
    for preview in data.get("user_previews", ()):
        yield preview["user"]
    for raw in data.get("comments", ()):
        if raw["user"]:
            yield raw["user"]
    if data.get("user", {}).get("name"):
        yield data["user"]
