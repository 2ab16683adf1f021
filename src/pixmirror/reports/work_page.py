"""One work, whole: what its page in the gallery shows."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import made, row, rows, value
from pixmirror.ingest import stats
from pixmirror.ingest.files import text_of
from pixmirror.ingest.stats import Point
from pixmirror.models import Medium, State
from pixmirror.reports import work_comments
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.local import local_pages
from pixmirror.reports.tags import Tag, tags_called
from pixmirror.reports.texts import addresses, plain_novel
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import visible
from pixmirror.reports.work_banner import Banner, banners
from pixmirror.reports.work_comments import Comments
from pixmirror.reports.work_own import Own, own_of
from pixmirror.reports.work_pictures import Picture, pictures_of
from pixmirror.reports.work_versions import Version, changed, versions_of

NEIGHBOURS = 4  # of the artist's works on each side
BEST_PLACES = 6  # in rankings
OPENING = 600  # characters of a novel's text

_WORK = """
SELECT w.*, u.name AS artist, u.state AS user_state, s.title AS series_title,
  (SELECT count(*) FROM work o WHERE o.user_id = w.user_id) AS works_of_artist,
  EXISTS (SELECT 1 FROM follow f WHERE f.account_id IN (SELECT id FROM account) AND f.user_id = w.user_id
    AND f.state = 'live') AS is_followed
FROM work w LEFT JOIN user u ON u.id = w.user_id LEFT JOIN series s ON s.series_key = w.series_key
WHERE w.work_key = :key"""
_GRAVE = """
SELECT owner_kind, at, purge_at FROM tombstone WHERE owner_kind = 'work' AND owner_id = :key
UNION ALL SELECT owner_kind, at, purge_at FROM tombstone
WHERE owner_kind = 'user' AND owner_id = (SELECT user_id FROM work WHERE work_key = :key)"""
_TAGS = """
SELECT t.id, t.name FROM work_tag w JOIN tag t ON t.id = w.tag_id WHERE w.work_key = :key ORDER BY w.position"""
_BOOKMARK = """
SELECT b.restrict, b.state, b.first_seen, b.state_at, (SELECT json_group_array(name) FROM bookmark_work_tag t
  WHERE t.account_id = b.account_id AND t.work_key = b.work_key)
FROM bookmark b WHERE b.account_id IN (SELECT id FROM account) AND b.work_key = :key"""
_PLACES = """
SELECT mode, date, min(rank) AS place FROM ranking WHERE work_key = :key
GROUP BY mode, date ORDER BY place, date DESC LIMIT :most"""
_JOBS = "SELECT job FROM work_job WHERE work_key = :key ORDER BY first_seen, job"
_TEXT = "SELECT body FROM text_version WHERE work_key = :key ORDER BY id DESC LIMIT 1"
_NEXT = """
SELECT work_key FROM work WHERE user_id = :user AND work_key > :key AND (work_key & 1) = :novel AND title != ''
ORDER BY work_key LIMIT :most"""
_BEFORE = """
SELECT work_key FROM work WHERE user_id = :user AND work_key < :key AND (work_key & 1) = :novel AND title != ''
ORDER BY work_key DESC LIMIT :most"""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How you have bookmarked it: `tags` are your own."""

    restrict: str
    state: str
    since: int
    state_at: int | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a ranking: mode, day and rank as Pixiv names them."""

    mode: str
    date: str
    rank: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A work that you forgot, by itself or with its artist. Its files can be had back until `until`."""

    ref: Ref
    what: Ref  # that `unforget` takes
    at: int
    until: int | None


@dataclass(frozen=True, slots=True)
class WorkPage:
    """All that a page shows of one work. `local`: addresses in its caption that are here, with their pages."""

    work_key: int
    ref: Ref
    medium: Medium
    type: str
    title: str
    caption: str
    posted: int | None
    state: str
    width: int
    height: int
    text_length: int | None
    opening: str  # of a novel's text
    x_restrict: int
    is_ai: bool
    user_id: int | None
    artist: str
    works_of_artist: int | None  # None where some may be hidden
    is_followed: bool
    series: tuple[int, str] | None
    bookmark: Bookmark | None
    places: tuple[Place, ...]
    jobs: tuple[str, ...]
    tags: tuple[Tag, ...]
    banners: tuple[Banner, ...]
    pictures: tuple[Picture, ...]
    frames: tuple[tuple[str, int], ...]  # of a ugoira: file and delay in ms
    points: tuple[Point, ...]
    versions: tuple[Version, ...]
    comments: Comments
    own: Own
    usual: Defaults
    newer: tuple[Tile, ...]
    older: tuple[Tile, ...]
    local: dict[str, str]

    @property
    def url(self) -> str:
        return self.ref.page

    @property
    def is_veiled(self) -> bool:
        """Return whether its pictures are shown only when asked for."""
        return (self.x_restrict > 0 and self.usual.rating == "veil") or (self.is_ai and self.usual.ai == "veil")

    @property
    def around(self) -> tuple[Tile, ...]:
        """Return its neighbours, the newest first."""
        return (*reversed(self.newer), *self.older)

    @property
    def is_readable(self) -> bool:
        """Return whether there is a reader for it."""
        return bool(self.opening) if self.medium == "novel" else len(self.pictures) > 1

    @property
    def can_retry(self) -> bool:
        """Return whether asking Pixiv again may bring something."""
        return any(p.is_retried for p in self.pictures) or self.state != State.LIVE


def opening(text: str) -> str:
    """Return how a novel begins, plain."""
    return re.sub("^## ", "", plain_novel(text[: 4 * OPENING]), flags=re.MULTILINE)[:OPENING]


def work_page(conn: Connection, key: int, now: int, has_web: bool = False) -> WorkPage | Forgotten | None:
    """Return what is known of a work; None where nothing is."""
    grave = row(conn, _GRAVE, key=key)
    work = row(conn, _WORK, key=key)
    if grave is not None:
        what = Ref.of_work(key) if grave.owner_kind == "work" else Ref("user", work.user_id)
        return Forgotten(Ref.of_work(key), what, grave.at, grave.purge_at)
    return None if work is None else _page(conn, work, now, has_web)


def _page(conn: Connection, work: Any, now: int, has_web: bool) -> WorkPage:
    key = work.work_key
    pictures = pictures_of(conn, work, now)
    body = value(conn, _TEXT, key=key) if key & 1 else None
    frames = value(conn, "SELECT frames FROM ugoira WHERE work_key = :key", key=key)
    usual = defaults(conn)
    newer, older = _around(conn, work, usual)
    versions = versions_of(conn, key, pictures)
    told = (*banners(conn, work, pictures, body is not None, now, has_web=has_web), changed(versions, now))
    return WorkPage(
        work_key=key,
        ref=Ref.of_work(key),
        medium=work.medium,
        type=work.type,
        title=work.title,
        caption=work.caption,
        posted=work.create_date,
        state=work.state,
        width=work.width or 0,
        height=work.height or 0,
        text_length=work.text_length,
        opening="" if body is None else opening(text_of(body)),
        x_restrict=work.x_restrict,
        is_ai=work.ai_type == 2,
        user_id=work.user_id,
        artist=work.artist or "",
        works_of_artist=None if "hide" in (usual.rating, usual.ai) else work.works_of_artist,
        is_followed=bool(work.is_followed),
        series=None if work.series_key is None else (work.series_key >> 1, work.series_title or ""),
        bookmark=_bookmark(conn, key),
        places=made(conn, Place, _PLACES, key=key, most=BEST_PLACES),
        jobs=tuple(r.job for r in rows(conn, _JOBS, key=key)),
        tags=tags_called(conn, [(r.id, r.name) for r in rows(conn, _TAGS, key=key)]),
        banners=tuple(banner for banner in told if banner is not None),
        pictures=pictures,
        frames=() if frames is None else tuple((name, delay) for name, delay in json.loads(frames)),
        points=stats.series(conn, key),
        versions=versions,
        comments=work_comments.comments(conn, key),
        own=own_of(conn, key) or Own(key, 0, ()),
        usual=usual,
        newer=tuple(newer),
        older=tuple(older),
        local=local_pages(conn, addresses(work.caption)),
    )


def _bookmark(conn: Connection, key: int) -> Bookmark | None:
    found = row(conn, _BOOKMARK, key=key)
    return None if found is None else Bookmark(found[0], found[1], found[2], found[3], tuple(json.loads(found[4])))


def _around(conn: Connection, work: Any, usual: Defaults) -> tuple[Sequence[Tile], Sequence[Tile]]:
    """Return the artist's next works and those before, the nearest first. Of one medium: ids grow with time."""
    asked = {"user": work.user_id, "key": work.work_key, "novel": work.work_key & 1, "most": NEIGHBOURS}
    sides = [[r.work_key for r in rows(conn, sql, **asked)] for sql in (_NEXT, _BEFORE)]
    found = {tile.work_key: tile for tile in visible(conn, [*sides[0], *sides[1]], usual)}
    newer, older = ([found[key] for key in side if key in found] for side in sides)
    return newer, older
