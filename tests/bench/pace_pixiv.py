"""A Pixiv of any size that holds nothing: each work follows from its number. Answers calls without HTTP.

It remembers in a few arrays what it has told, and so knows of each answer whether it brought something new.
"""

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from pixmirror.demo import webview
from pixmirror.demo.generate import empty_world
from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.profiles import profile
from pixmirror.demo.shapes import Json, View, comment, illust, novel, ugoira_metadata, user
from pixmirror.demo.things import Comment, User, Work
from pixmirror.models import Lane
from pixmirror.pixiv.transport import Counts
from pixmirror.pixiv.wire import Answer, Request
from tests.virtual_time import VirtualClock

PAGE = 30
DEEPEST = 5000
DAY_MS = 86_400_000
ME = 10_000_001
FIRST_ARTIST, FIRST_OTHER = 1_000, 20_000_000
FIRST_WORK, FIRST_OUTSIDE = 1_000_000, 500_000_000
OF_FOLLOWED = 2, 5  # so many bookmarks of so many are of works by followed artists
WRITERS = 30  # one in so many artists writes novels too: every tenth work
UGOIRA = 100  # one work in so many
COMMENTED = 2, 5  # so many works of so many have a comment
SPREAD = 7919  # a prime, by which bookmarks of followed artists are spread over their works


@dataclass(frozen=True)
class Size:
    """`works` of each of the `artists`, a multiple of WRITERS, at the start; from then on new ones `a_week`."""

    artists: int
    works: int
    bookmarks: int
    a_week: float

    @property
    def own(self) -> int:
        return self.artists * self.works

    @property
    def marked(self) -> int:
        """Bookmarks of works by followed artists."""
        return self.bookmarks * OF_FOLLOWED[0] // OF_FOLLOWED[1]

    @property
    def total(self) -> int:
        return self.own + self.bookmarks - self.marked


@dataclass(slots=True)
class Log:
    """Requests in order: seconds since the start, lane, endpoint, and what the answer brought."""

    at: "array[float]"
    lane: "array[int]"
    endpoint: "array[int]"
    brought: "array[int]"
    endpoints: list[str]

    def rows(self) -> Iterator[tuple[float, str, str, int]]:
        for at, lane, endpoint, brought in zip(self.at, self.lane, self.endpoint, self.brought, strict=True):
            yield at, Lane(lane).name, self.endpoints[endpoint], brought


NOTHING, NEW, EMPTY = 0, 1, 2  # EMPTY: a thread that was asked for the first time, and has no comment


class Pixiv:
    """`send_once` stands for Transport's."""

    def __init__(self, clock: VirtualClock, size: Size) -> None:
        self.clock, self.size = clock, size
        self.world = empty_world(clock)
        self.me = self.world.me
        self.view = View(self.world, self.me, "en")
        self.start = clock.start_ms
        self.step = 7 * DAY_MS / size.a_week if size.a_week else DAY_MS
        self.posted: array[int] = array("q")  # when each new work was
        self.poster: array[int] = array("l")
        self.rng = Random(7)
        self._next_post = float(self.start)
        self.log = Log(array("d"), array("b"), array("h"), array("b"), [])
        self._told: dict[str, bytearray] = {}
        self.requests = Counts()  # the transport's, which are told to the catalogue
        self._answers: dict[str, Callable[[Mapping[str, Any]], tuple[Any, int]]] = {
            "/v1/user/following": self._following,
            "/v1/user/illusts": lambda p: self._artist("illust", p),
            "/v1/user/novels": lambda p: self._artist("novel", p),
            "/v2/illust/follow": lambda p: self._feed("illust", p),
            "/v1/novel/follow": lambda p: self._feed("novel", p),
            "/v1/user/bookmarks/illust": self._bookmarks,
            "/v1/user/bookmarks/novel": lambda p: ({"novels": [], "next_url": None}, NOTHING),
            "/v1/user/bookmark-tags/illust": lambda p: ({"bookmark_tags": [], "next_url": None}, NOTHING),
            "/v1/user/bookmark-tags/novel": lambda p: ({"bookmark_tags": [], "next_url": None}, NOTHING),
            "/v1/user/detail": self._profile,
            "/v3/illust/comments": lambda p: self._comments("illust", p),
            "/v3/novel/comments": lambda p: self._comments("novel", p),
            "/v1/ugoira/metadata": self._ugoira,
            "/webview/v2/novel": self._text,
            "/v1/illust/detail": lambda p: self._detail("illust", p),
            "/v2/illust/detail": lambda p: self._detail("illust", p),
            "/v2/novel/detail": lambda p: self._detail("novel", p),
        }

    async def send_once(self, request: Request, *, count: str = "api") -> Answer:
        """What Transport gets for a request, at once."""
        if count == "token":
            return _json(_token())
        self.post()
        self.requests.api += 1
        body, brought = self._answers[request.path](request.params)
        if request.path not in self.log.endpoints:
            self.log.endpoints.append(request.path)
        self.log.at.append(self.clock.monotonic())
        self.log.lane.append(int(request.lane))
        self.log.endpoint.append(self.log.endpoints.index(request.path))
        self.log.brought.append(brought)
        return Answer(200, "text/html", body.encode()) if isinstance(body, str) else _json(body)

    # -- works by number ---------------------------------------------------------------------------------------

    def post(self) -> None:
        """The works that were posted until now."""
        while self.size.a_week and self._next_post <= self.clock.now():
            if self._next_post > self.start:
                self.posted.append(int(self._next_post) // 1000 * 1000)
                self.poster.append(self.rng.randrange(self.size.artists))
            self._next_post += self.rng.expovariate(1 / self.step)

    @property
    def count(self) -> int:
        """Works of followed artists."""
        return self.size.own + len(self.posted)

    def number(self, work_id: int) -> int:
        return work_id - FIRST_WORK

    def artist_of(self, n: int) -> int:
        return n % self.size.artists if n < self.size.own else self.poster[n - self.size.own]

    def created(self, n: int) -> int:
        if n >= self.size.own:
            return self.posted[n - self.size.own]
        return int(self.start - DAY_MS - (self.size.own - 1 - n) * self.step) // 1000 * 1000

    def is_novel(self, n: int) -> bool:
        number = n // self.size.artists if n < self.size.own else n
        return self.artist_of(n) % WRITERS == 0 and number % 10 == 5

    def newest(self, artist: int) -> int:
        """The artist's last work at the start."""
        return (self.size.works - 1) * self.size.artists + artist

    def works_of(self, artist: int, medium: str) -> list[int]:
        """Newest first."""
        new = [self.size.own + k for k in range(len(self.poster) - 1, -1, -1) if self.poster[k] == artist]
        old = range(self.newest(artist), -1, -self.size.artists)
        wanted = medium == "novel"
        return [n for n in (*new, *old) if self.is_novel(n) == wanted]

    def work(self, n: int) -> Work:
        """Of a followed artist, or (from FIRST_OUTSIDE on) of another."""
        outside = n >= FIRST_OUTSIDE
        drawn = _draw(n)
        made = self.start - (n - FIRST_OUTSIDE) * 600_000 - 30 * DAY_MS if outside else self.created(n)
        made = made // 1000 * 1000
        text = medium = "illust"
        if not outside and self.is_novel(n):
            medium, kind, pages, text = "novel", "novel", 1, "むかしむかし。" * 300
        elif drawn % UGOIRA == 0:
            kind, pages = "ugoira", 1
        else:
            kind, pages = ("illust", 1) if drawn // UGOIRA % 2 else ("manga", 4)
        artist = FIRST_OTHER + (n - FIRST_OUTSIDE) // 3 if outside else FIRST_ARTIST + self.artist_of(n)
        return Work(
            medium, n if outside else FIRST_WORK + n, artist, kind, f"作品 {n}",
            "" if drawn % 10 < 3 else f"<strong>{n}</strong>番目の絵です。<br />よろしくお願いします。",
            ("オリジナル", "女の子", f"tag {drawn % 997}", f"風景{drawn % 31}", "創作"), pages, 1200, 1600,
            made, made, total_view=drawn % 9999, total_bookmarks=drawn % 999, ext="jpg",
            text=text if medium == "novel" else "",
        )  # fmt: skip

    def has_comment(self, n: int) -> bool:
        young = n < FIRST_OUTSIDE and self.created(n) > self.clock.now() - DAY_MS
        return (_draw(n) >> 8) % COMMENTED[1] < COMMENTED[0] and not young

    def shape(self, n: int, place: Any = "list") -> Json:
        work, world = self.work(n), self.world
        self._person(work.user_id)
        world.threads = {work.key: [1]} if self.has_comment(n) else {}  # only total_comments reads it
        made = (illust if work.medium == "illust" else novel)(self.view, work, place)
        if work.user_id < FIRST_OTHER:
            made["user"]["is_followed"] = True
        return made

    def _person(self, user_id: int) -> User:
        """In the world for as long as they are talked about."""
        if len(self.world.users) > 200:
            self.world.users.clear()
        person = User(user_id, f"絵師 {user_id}", f"user_{user_id}")
        return self.world.users.setdefault(user_id, person)

    # -- what was told ------------------------------------------------------------------------------------------

    def told(self, kind: str, n: int) -> bool:
        """True the first time."""
        seen = self._told.setdefault(kind, bytearray())
        if len(seen) <= n:
            seen.extend(bytes(n + 1 - len(seen) + 4096))
        first = not seen[n]
        seen[n] = 1
        return first

    def _tell(self, numbers: list[int]) -> int:
        fresh = [
            self.told("outside", n - FIRST_OUTSIDE) if n >= FIRST_OUTSIDE else self.told("work", n)
            for n in numbers
        ]
        return sum(fresh)

    # -- calls --------------------------------------------------------------------------------------------------

    def _page(self, name: str, path: str, params: Mapping[str, Any], rows: list[Json], more: bool) -> Json:
        offset = int(params.get("offset") or 0) + PAGE
        given = {k: v for k, v in params.items() if v is not None} | {"offset": offset}
        url = f"https://app-api.pixiv.net{path}?{urlencode(given)}" if more and offset <= DEEPEST else None
        return {name: rows, "next_url": url}

    def _following(self, params: Mapping[str, Any]) -> tuple[Json, int]:
        offset = int(params.get("offset") or 0)
        artists = range(self.size.artists)[::-1] if params["restrict"] == "public" else range(0)
        shown = artists[offset : offset + PAGE]
        fresh, rows = 0, []
        for artist in shown:
            illusts, novels = self.works_of(artist, "illust")[:3], self.works_of(artist, "novel")[:3]
            fresh += self._tell([*illusts, *novels]) + self.told("follow", artist)
            person = FIRST_ARTIST + artist
            self._person(person)
            rows.append(
                {
                    "user": user(self.view, person) | {"is_followed": True},
                    "illusts": [self.shape(n) for n in illusts],
                    "novels": [self.shape(n) for n in novels],
                    "is_muted": False,
                }
            )
        page = self._page("user_previews", "/v1/user/following", params, rows, offset + PAGE < len(artists))
        return page, NEW if fresh else NOTHING

    def _artist(self, medium: str, params: Mapping[str, Any]) -> tuple[Json, int]:
        artist, offset = int(params["user_id"]) - FIRST_ARTIST, int(params.get("offset") or 0)
        every = self.works_of(artist, medium)
        shown = every[offset : offset + PAGE]
        fresh = self._tell(shown)
        person = FIRST_ARTIST + artist
        rows = [self.shape(n, "own") for n in shown]
        self._person(person)
        page = self._page(f"{medium}s", f"/v1/user/{medium}s", params, rows, offset + PAGE < len(every))
        return {"user": user(self.view, person) | {"is_followed": True}, **page}, NEW if fresh else NOTHING

    def _feed(self, medium: str, params: Mapping[str, Any]) -> tuple[Json, int]:
        offset, wanted = int(params.get("offset") or 0), medium == "novel"
        end, shown = offset + PAGE, []
        if params.get("restrict") != "private":
            for n in range(self.count - 1, -1, -1):
                if self.is_novel(n) == wanted:
                    shown.append(n)
                    if len(shown) > end:
                        break
        more, shown = len(shown) > end, shown[offset:end]
        fresh = self._tell(shown)
        path = "/v2/illust/follow" if medium == "illust" else "/v1/novel/follow"
        page = self._page(f"{medium}s", path, params, [self.shape(n) for n in shown], more)
        return page, NEW if fresh else NOTHING

    def _bookmarks(self, params: Mapping[str, Any]) -> tuple[Json, int]:
        """Bookmark ids fall from that of the newest; a cursor is the id of the last one shown."""
        total = self.size.bookmarks if params["restrict"] == "public" else 0
        cursor = params.get("max_bookmark_id")
        first = total - int(cursor) + 1 if cursor else 0
        shown = range(first, min(first + PAGE, total))
        numbers = [self._marked(m) for m in shown]
        fresh = self._tell(numbers) + sum(self.told("bookmark", m) for m in shown)
        rows = [self.shape(n) | {"is_bookmarked": True} for n in numbers]
        url = None
        if shown and shown[-1] + 1 < total:
            given = {k: v for k, v in params.items() if v is not None} | {"max_bookmark_id": total - shown[-1]}
            url = f"https://app-api.pixiv.net/v1/user/bookmarks/illust?{urlencode(given)}"
        return {"illusts": rows, "next_url": url}, NEW if fresh else NOTHING

    def _marked(self, m: int) -> int:
        """Which work the m-th newest bookmark is of."""
        some, of = OF_FOLLOWED
        if m % of >= some:
            return FIRST_OUTSIDE + m // of * (of - some) + m % of - some
        painters = self.size.artists * (WRITERS - 1) // WRITERS
        number, artist = divmod((m // of * some + m % of) * SPREAD % (painters * self.size.works), painters)
        return number * self.size.artists + artist + artist // (WRITERS - 1) + 1

    def _profile(self, params: Mapping[str, Any]) -> tuple[Json, int]:
        person = int(params["user_id"])
        artist = person - FIRST_ARTIST
        known = 0 <= artist < self.size.artists
        made = profile(self.view, self._person(person))
        if known:
            kinds = Counter(self.work(n).type for n in self.works_of(artist, "illust"))
            made["user"]["is_followed"] = True
            made["profile"] |= {
                "total_illusts": kinds["illust"] + kinds["ugoira"],
                "total_manga": kinds["manga"],
                "total_novels": len(self.works_of(artist, "novel")),
            }
        fresh = self.told("profile", artist if known else self.size.artists)
        return made, NEW if fresh else NOTHING

    def _comments(self, medium: str, params: Mapping[str, Any]) -> tuple[Json, int]:
        work_id = int(params[f"{medium}_id"])
        n = work_id if work_id >= FIRST_OUTSIDE else self.number(work_id)
        there = self.has_comment(n)
        kind, place = ("thread outside", n - FIRST_OUTSIDE) if n >= FIRST_OUTSIDE else ("thread", n)
        first = self.told(kind, place)
        fresh = there and self.told(f"comment in {kind}", place)
        rows: list[Json] = []
        if there:
            item = Comment(medium, work_id, work_id, ME, "すてき", self.start - DAY_MS)
            self._person(ME)
            self.world.threads = {(medium, work_id): [work_id]}
            self.world.comments = {(medium, work_id): item}
            rows = [comment(self.view, item)]
        page = {"total_comments": len(rows), "comments": rows, "next_url": None, "comment_access_control": 0}
        return page, NEW if fresh else EMPTY if first else NOTHING

    def _ugoira(self, params: Mapping[str, Any]) -> tuple[Json, int]:
        work_id = int(params["illust_id"])
        n = work_id if work_id >= FIRST_OUTSIDE else self.number(work_id)
        return {"ugoira_metadata": ugoira_metadata(self.world, self.work(n))}, self._once("ugoira", n)

    def _once(self, kind: str, n: int) -> int:
        kind, n = (f"{kind} outside", n - FIRST_OUTSIDE) if n >= FIRST_OUTSIDE else (kind, n)
        return NEW if self.told(kind, n) else NOTHING

    def _text(self, params: Mapping[str, Any]) -> tuple[str, int]:
        n = self.number(int(params["id"]))
        work = self.work(n)
        self._person(work.user_id)
        return webview.page(self.view, work), self._once("text", n)

    def _detail(self, medium: str, params: Mapping[str, Any]) -> tuple[Json, int]:
        work_id = int(params[f"{medium}_id"])
        n = work_id if work_id >= FIRST_OUTSIDE else self.number(work_id)
        return {medium: self.shape(n, "detail")}, self._once("detail", n)


def _draw(n: int) -> int:
    """A number without pattern, always the same."""
    return crc32(n.to_bytes(8, "big"))


def _json(value: Json) -> Answer:
    return Answer(200, "application/json", json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _token() -> Json:
    person = {"id": str(ME), "name": "デモの人", "account": "demo_account", "is_premium": False, "x_restrict": 0}
    person |= {"mail_address": "", "profile_image_urls": {}, "is_mail_authorized": True}
    answer = {"access_token": "access", "expires_in": 3600, "token_type": "bearer", "scope": ""}
    answer |= {"refresh_token": REFRESH_TOKEN, "user": person}
    return answer | {"response": dict(answer)}
