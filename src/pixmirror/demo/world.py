"""The whole truth of the demo as data: who exists, what they posted, and what the own account keeps of it.
The world changes only through the methods of `World`, each at the world's own time."""

import heapq
import threading
from bisect import insort
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Literal, TypeVar
from zlib import crc32

from pixmirror.demo import words
from pixmirror.demo.own import Own
from pixmirror.demo.things import (
    DELETED,
    LIVE,
    Bookmark,
    Comment,
    Follow,
    Hidden,
    Key,
    Left,
    ManualNow,
    Restrict,
    Series,
    User,
    Work,
    real_now,
)

__all__ = [
    "DELETED",
    "LIVE",
    "Bookmark",
    "Comment",
    "Follow",
    "Hidden",
    "Key",
    "ManualNow",
    "Restrict",
    "Series",
    "User",
    "Work",
    "World",
    "real_now",
]
T = TypeVar("T")


class World:
    """Everything, and the only way to change it. Readers hold `lock`; the methods take it themselves."""

    def __init__(
        self,
        now: Callable[[], int] = real_now,
        seed: int = 7,
        short_pages: bool = True,
        strip_captions: Literal["none", "some", "all"] = "some",
        ranking_size: int = 100,
        me: User | None = None,
    ) -> None:
        self.now, self.seed = now, seed
        self.short_pages, self.strip_captions, self.ranking_size = short_pages, strip_captions, ranking_size
        self.lock = threading.RLock()
        self.rng = Random(seed)
        self.users: dict[int, User] = {}
        self.works: dict[Key, Work] = {}
        self.by_user: dict[tuple[int, str], list[tuple[int, int]]] = {}  # (user, medium) → live (create_ms, id)
        self.newest = {"illust": 120_000_000, "novel": 23_000_000}  # the highest id yet
        self.series: dict[Key, Series] = {}
        self.comments: dict[Key, Comment] = {}
        self.threads: dict[Key, list[int]] = {}  # work → ids of its comments, oldest first
        self.bookmarks: dict[int, dict[Key, Bookmark]] = {}
        self.follows: dict[int, dict[int, Follow]] = {}
        self.own = Own()
        self.files: dict[str, bytes] = {}  # what was uploaded, by the names in `Work.uploads`
        self.left: dict[int, Left] = {}
        self.revision = 0
        self._cache: dict[Any, Any] = {}
        self._cached_at = -1
        self._due: list[tuple[int, int, Callable[[World], object]]] = []
        self.serial = 0  # of the last thing that is numbered by no id of its own
        self.me = self.add_user(
            me or User(10_000_001, "デモの人", "demo_account", "自分のアカウント", self.second())
        ).id

    # Time -----------------------------------------------------------------------------------------------

    def second(self) -> int:
        """Now, cut to the whole second: Pixiv's times have no more."""
        return self.now() // 1000 * 1000

    def at(self, ms: int, change: Callable[["World"], object]) -> None:
        """Make `change` happen when the world's time reaches `ms`, before anything later is answered."""
        with self.lock:
            heapq.heappush(self._due, (ms, self._next(), change))

    def settle(self) -> None:
        """Let everything happen that is due."""
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2](self)

    def cached(self, name: object, build: Callable[[], T]) -> T:
        """Return the value of `build`, remembered until the world changes."""
        if self._cached_at != self.revision:
            self._cache.clear()
            self._cached_at = self.revision
        if name not in self._cache:
            self._cache[name] = build()
        value: T = self._cache[name]
        return value

    def draw(self, *parts: object) -> int:
        """Return a number that depends only on the seed and `parts`."""
        return crc32(f"{self.seed}|{'|'.join(map(str, parts))}".encode())

    def go_on_counting(self, serial: int) -> None:
        """Number what comes next after `serial`, as in the world that this one goes on from."""
        self.serial = serial
        self._changed()

    # Putting things in ----------------------------------------------------------------------------------

    def add_user(self, user: User) -> User:
        """Add a person."""
        with self.lock:
            self._changed()
            self.users[user.id] = user
            return user

    def add(self, work: Work) -> Work:
        """Add a work as it is given."""
        with self.lock:
            self._changed()
            self.works[work.key] = work
            self.newest[work.medium] = max(work.id, self.newest[work.medium])
            if work.state == LIVE:
                self._list(work)
            return work

    def post(self, user_id: int, kind: str = "illust", **fields: Any) -> Work:
        """Post a work by `user_id` now: kind is illust, manga, ugoira or novel; `fields` are those of `Work`."""
        with self.lock:
            medium = "novel" if kind == "novel" else "illust"
            work_id = fields.pop("id", 0) or self._new_id(medium)
            rng = Random(self.draw("post", medium, work_id))
            now = self.second()
            text = words.novel_text(rng, work_id, None) if kind == "novel" else ""
            values: dict[str, Any] = {
                "title": words.title(rng),
                "caption": words.caption(rng, work_id),
                "tags": words.tags(rng, kind),
                "page_count": rng.randint(2, 5) if kind == "manga" else 1,
                "width": 400 if kind == "ugoira" else rng.randint(9, 15) * 50,
                "height": 300 if kind == "ugoira" else rng.randint(9, 15) * 50,
                "create_ms": now,
                "text": text,
            } | fields
            values.setdefault("file_ms", values["create_ms"])
            return self.add(Work(medium=medium, id=work_id, user_id=user_id, type=kind, **values))

    # Changing them --------------------------------------------------------------------------------------

    def edit(self, work: Work | Key, **fields: Any) -> Work:
        """Change any fields of a work; neither create_date nor any URL tells."""
        with self.lock:
            return self._put(replace(self.get(work), **fields))

    def replace_files(self, work: Work | Key, page_count: int | None = None) -> Work:
        """Replace the files: every page gets a new date path, and the old URLs are no more."""
        with self.lock:
            old = self.get(work)
            pages = page_count or old.page_count
            return self._put(replace(old, file_ms=max(self.second(), old.file_ms + 1000), page_count=pages))

    def delete(self, work: Work | Key) -> Work:
        """Delete a work: 404, a stub in bookmark lists; its files stay reachable for seven days."""
        return self._state(work, DELETED)

    def hide(self, work: Work | Key, placeholder: Hidden = "limit_sanity_level") -> Work:
        """Hide a work from lists; bookmark lists and detail show the placeholder."""
        return self._state(work, placeholder)

    def show(self, work: Work | Key) -> Work:
        """Bring a hidden work back where it was."""
        return self._state(work, LIVE)

    def edit_user(self, user_id: int, **fields: Any) -> User:
        """Change any fields of a person."""
        return self.add_user(replace(self.users[user_id], **fields))

    def leave(self, user_id: int, suspended: bool = False) -> None:
        """Take someone off Pixiv: profile and works are gone, comments stay without their name."""
        with self.lock:
            self.edit_user(user_id, gone=True, suspended=suspended)
            works = [w for w in self.works.values() if w.user_id == user_id and w.state != DELETED]
            said = tuple(key for key, comment in self.comments.items() if comment.user_id == user_id)
            self.left[user_id] = Left({work.key: work.state for work in works}, said)
            for work in works:
                self.delete(work)
            for key in said:
                self.comments[key] = replace(self.comments[key], user_id=None)

    def suspend(self, user_id: int) -> None:
        """Suspend someone: the App API answers as for one who left, the web says which it was."""
        self.leave(user_id, suspended=True)

    def come_back(self, user_id: int) -> None:
        """Bring back who left or was suspended, with works and comments as they were."""
        with self.lock:
            left = self.left.pop(user_id)
            self.edit_user(user_id, gone=False, suspended=False)
            for key, state in left.states.items():
                self._state(key, state)
            for name in left.said:
                if name in self.comments:
                    self.comments[name] = replace(self.comments[name], user_id=user_id)

    def bookmark(
        self,
        work: Work | Key,
        restrict: Restrict = "public",
        tags: tuple[str, ...] = (),
        user_id: int | None = None,
        at: int | None = None,
    ) -> Bookmark:
        """Bookmark a work; one that is there keeps its id and gets the new restrict and tags."""
        with self.lock:
            self._changed()
            mine = self.bookmarks.setdefault(user_id or self.me, {})
            key = self.get(work).key
            number = mine[key].id if key in mine else 2_000_000_000 + self._next() * 100
            mine[key] = Bookmark(number, key, restrict, tuple(tags), self.second() if at is None else at)
            return mine[key]

    def unbookmark(self, work: Work | Key, user_id: int | None = None) -> None:
        """Take a bookmark back."""
        with self.lock:
            self._changed()
            del self.bookmarks[user_id or self.me][self.get(work).key]

    def follow(self, user_id: int, restrict: Restrict = "public", by: int | None = None) -> Follow:
        """Follow someone, at the top of the list; only changing the restrict keeps the place."""
        with self.lock:
            self._changed()
            mine = self.follows.setdefault(by or self.me, {})
            order = mine[user_id].order if user_id in mine else self._next()
            mine[user_id] = Follow(user_id, restrict, order)
            return mine[user_id]

    def unfollow(self, user_id: int, by: int | None = None) -> None:
        """Follow someone no longer."""
        with self.lock:
            self._changed()
            del self.follows[by or self.me][user_id]

    def comment(
        self,
        work: Work | Key,
        user_id: int | None,
        text: str = "",
        stamp_id: int | None = None,
        parent_id: int | None = None,
        ms: int | None = None,
    ) -> Comment:
        """Add a comment, a reply (`parent_id`), or a stamp (`stamp_id`, no text)."""
        with self.lock:
            self._changed()
            medium, work_id = self.get(work).key
            number = 150_000_000 + self._next()
            when = self.second() if ms is None else ms
            made = Comment(medium, number, work_id, user_id, text, when, stamp_id, parent_id)
            self.comments[medium, number] = made
            self.threads.setdefault((medium, work_id), []).append(number)
            return made

    def delete_comment(self, medium: str, comment_id: int) -> None:
        """Delete a comment and its replies."""
        with self.lock:
            self._changed()
            comment = self.comments[medium, comment_id]
            thread = self.threads[medium, comment.work_id]
            for number in list(thread):
                if comment_id in (number, self.comments[medium, number].parent_id):
                    thread.remove(number)
                    del self.comments[medium, number]

    def add_series(self, series: Series) -> Series:
        """Add a series as it is given; its works then say so."""
        with self.lock:
            self._changed()
            self.series[series.medium, series.id] = series
            for work_id in series.works:
                self._put(replace(self.works[series.medium, work_id], series_id=series.id))
            return series

    def edit_series(self, medium: str, series_id: int, **fields: Any) -> Series:
        """Change any fields of a series but its works."""
        with self.lock:
            self._changed()
            changed = replace(self.series[medium, series_id], **fields)
            self.series[medium, series_id] = changed
            return changed

    def put_in_series(self, work: Work | Key, series_id: int) -> Work:
        """Put a work at the end of a series, or take it out of the one that it is in (0)."""
        with self.lock:
            old = self.get(work)
            if old.series_id:
                rest = tuple(i for i in self.series[old.medium, old.series_id].works if i != old.id)
                self.edit_series(old.medium, old.series_id, works=rest)
            if series_id:
                works = (*self.series[old.medium, series_id].works, old.id)
                self.edit_series(old.medium, series_id, works=works)
            return self._put(replace(old, series_id=series_id))

    def get(self, work: Work | Key) -> Work:
        """Return a work as it is now."""
        return self.works[work.key if isinstance(work, Work) else work]

    # Inside ---------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self.revision += 1

    def _next(self) -> int:
        self.serial += 1
        return self.serial

    def _new_id(self, medium: str) -> int:
        newest = self.newest[medium]
        return newest + 1 + self.draw("gap", medium, newest) % 40

    def _put(self, work: Work) -> Work:
        self._changed()
        self.works[work.key] = work
        return work

    def _list(self, work: Work) -> None:
        ids = self.by_user.setdefault((work.user_id, work.medium), [])
        entry = (work.create_ms, work.id)
        if not ids or entry > ids[-1]:
            ids.append(entry)
        else:
            insort(ids, entry)

    def _state(self, work: Work | Key, state: str) -> Work:
        with self.lock:
            old = self.get(work)
            if old.state == LIVE and state != LIVE:
                self.by_user[old.user_id, old.medium].remove((old.create_ms, old.id))
            elif old.state != LIVE and state == LIVE:
                self._list(old)
            return self._put(replace(old, state=state, state_ms=self.second()))
