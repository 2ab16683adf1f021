"""The works that a search found, as they are shown in a list, and where each of them matched."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.search import plain
from pixmirror.catalogue.search.schema import ARTIST
from pixmirror.catalogue.search.tokens import column, pieces
from pixmirror.catalogue.sql import listed, rows
from pixmirror.catalogue.words import pixiv_time
from pixmirror.catalogue.words import plain as as_json
from pixmirror.models import Medium
from pixmirror.reports.search.match import Way
from pixmirror.reports.search.scan import Matched

_HITS = """
SELECT w.work_key, w.medium, w.work_key >> 1 AS id, w.type, w.title, w.user_id, u.name AS user_name,
  w.create_date, w.state
FROM work w LEFT JOIN user u ON u.id = w.user_id
WHERE w.work_key IN (SELECT value FROM json_each(:keys))"""
_TAGS = """
SELECT l.work_key, g.id, g.name FROM json_each(:keys) k CROSS JOIN work_tag l ON l.work_key = k.value
JOIN tag g ON g.id = l.tag_id"""
_CAPTIONS = "SELECT work_key, caption FROM work WHERE work_key IN (SELECT value FROM json_each(:keys))"
_NAMES = f"""
SELECT owner, text FROM search.name WHERE kind = {ARTIST} AND owner IN (SELECT value FROM json_each(:ids))"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A work that was found; `matched` says where: id, title, tag, user, caption, text, or by fields alone."""

    work_key: int
    ref: Ref
    medium: Medium
    id: int
    type: str
    title: str
    user_id: int | None
    user_name: str | None
    create_date: int | None
    state: str
    matched: Matched

    def as_dict(self) -> dict[str, Any]:
        return {**as_json(self), "create_date": pixiv_time(self.create_date)}


def hits(conn: Connection, matched: Mapping[int, Matched]) -> tuple[Hit, ...]:
    """Return works in this order."""
    found = {r.work_key: r for r in rows(conn, _HITS, keys=listed(matched))}
    return tuple(
        Hit(**found[key]._asdict(), ref=Ref.of_work(key), matched=where)
        for key, where in matched.items()
        if key in found
    )


def where_matched(conn: Connection, keys: Collection[int], ways: Sequence[Way]) -> dict[int, Matched]:
    """Return where works match, in this order: the first place in which any of the words stands."""
    phrases = [p for way in ways for p in way.phrases if not way.term.excluded]
    phrases += [p for way in ways for more in way.meant for p in more.phrases]
    tags = {tag for way in ways for tag in (*way.tags, *way.guessed) if not way.term.excluded}
    if not phrases and not tags:
        return dict.fromkeys(keys, "fields")
    works = {r.work_key: r for r in rows(conn, _HITS, keys=listed(keys))}
    found: dict[int, Matched] = {k: "title" for k, r in works.items() if stands(phrases, [r.title])}
    left = [key for key in works if key not in found]
    of_works: dict[int, list[Any]] = {key: [] for key in left}
    for row in rows(conn, _TAGS, keys=listed(left)):
        of_works[row.work_key].append(row)
    for key, theirs in of_works.items():
        if any(row.id in tags for row in theirs) or stands(phrases, [row.name for row in theirs]):
            found[key] = "tag"
    left = [key for key in left if key not in found]
    people: dict[int, list[str]] = {}
    for row in rows(conn, _NAMES, ids=listed({works[k].user_id for k in left if works[k].user_id})):
        people.setdefault(row.owner, []).append(row.text)
    captions = {r.work_key: r.caption for r in rows(conn, _CAPTIONS, keys=listed(left))}
    for key in left:
        if stands(phrases, people.get(works[key].user_id, [])):
            found[key] = "user"
        elif stands(phrases, [plain.caption(captions.get(key, ""))]):
            found[key] = "caption"
        else:
            found[key] = "text" if key & 1 else "title"  # of which a guessed reading fits
    return {key: found.get(key, "fields") for key in keys}


def stands(phrases: Sequence[str], texts: Sequence[str]) -> bool:
    """Tell whether one of these FTS5 phrases is met by one of these texts."""
    held = f" {column(map(pieces, texts))} "
    for asked in phrases:
        words = asked.rstrip("*").strip('"')
        if f" {words}" in held if asked.endswith("*") else f" {words} " in held:
            return True
    return False
