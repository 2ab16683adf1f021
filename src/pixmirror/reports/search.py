"""`search` finds works by id, title, tag in any language, or user: a plain query, newest first."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, or_, select, union

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.refs import Ref, parse_ref
from pixmirror.catalogue.schema import tag, tag_translation, user, work, work_tag
from pixmirror.catalogue.sql import listed, rows
from pixmirror.catalogue.words import pixiv_time, plain
from pixmirror.errors import ConfigError
from pixmirror.models import Medium

MAX_TEXT = 200
MANY = 100  # so many users are asked one by one; with more of them the works are gone through instead
# So many links to tags are read; with more of them the works are gone through, and soon enough match.
FREQUENT = 20_000
END = 2**62  # above every key
_HITS = """
SELECT w.work_key, w.medium, w.work_key >> 1 AS id, w.type, w.title, w.user_id, u.name AS user_name,
  w.create_date, w.state
FROM work w LEFT JOIN user u ON u.id = w.user_id
WHERE w.work_key IN (SELECT value FROM json_each(:keys)) ORDER BY w.work_key DESC"""


Matched = Literal["id", "title", "tag", "user"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A work that was found; `matched` says where: id, title, tag or user."""

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
        return {**plain(self), "create_date": pixiv_time(self.create_date)}


def search(conn: Connection, text: str, limit: int = 50, before: int | None = None) -> list[Hit]:
    """Return works whose id, title, tag (or a translation of it) or user matches, newest first.

    For the next page pass the `work_key` of the last hit as `before`.
    """
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        raise ConfigError(f"Search for a text of 1 to {MAX_TEXT} characters.")
    below = before if before is not None else END
    found: dict[int, Matched] = {}
    patterns = _patterns(text)
    for key in _by_title(conn, patterns, below, limit):
        found[key] = "title"
    for key in _by_user(conn, patterns, text, below, limit):
        found.setdefault(key, "user")
    for key in _by_tag(conn, patterns, below, limit):
        found.setdefault(key, "tag")
    for key in _by_id(conn, text, below):
        found[key] = "id"
    newest = sorted(found, reverse=True)[:limit]
    return _hits(conn, {key: found[key] for key in newest})


def _patterns(text: str) -> tuple[str, ...]:
    """Return LIKE patterns for the text as typed and with width and case folded (LIKE itself folds ASCII only)."""
    folded = unicodedata.normalize("NFKC", text)
    forms = dict.fromkeys((text, folded, folded.casefold()))
    forms |= dict.fromkeys(f.removeprefix("#") for f in list(forms) if len(f) > 1)
    return tuple("%" + re.sub("([%_@])", r"@\1", form) + "%" for form in forms)


def _like(column: ColumnElement[str], patterns: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(column.like(p, escape="@") for p in patterns))


def _newest(conn: Connection, below: int, limit: int, where: ColumnElement[bool]) -> list[int]:
    ordered = select(work.c.work_key).where(work.c.work_key < below, where)
    if tombstones.has_any(conn):
        ordered = ordered.where(tombstones.not_forgotten())
    ordered = ordered.order_by(work.c.work_key.desc()).limit(limit)
    return list(conn.execute(ordered).scalars())


def _by_title(conn: Connection, patterns: Sequence[str], below: int, limit: int) -> list[int]:
    return _newest(conn, below, limit, _like(work.c.title, patterns))


def _by_id(conn: Connection, text: str, below: int) -> list[int]:
    try:
        ref = parse_ref(text)
    except ConfigError:
        return []
    if ref.work_key is None:
        return []
    keys = {ref.work_key} | ({ref.work_key | 1} if text.isdigit() else set())
    return _newest(conn, below, len(keys), work.c.work_key.in_(keys))


def _by_user(conn: Connection, patterns: Sequence[str], text: str, below: int, limit: int) -> list[int]:
    has_works = select(work.c.work_key).where(work.c.user_id == user.c.id).exists()
    named = select(user.c.id).where(or_(_like(user.c.name, patterns), _like(user.c.account, patterns)), has_works)
    users = list(conn.execute(named.limit(MANY + 1)).scalars())
    if len(users) > MANY:
        return _newest(conn, below, limit, work.c.user_id.in_(named))
    try:
        ref = parse_ref(text)
        users += [ref.id] if ref.kind == "user" or text.isdigit() else []
    except ConfigError:
        pass
    return _merged((_newest(conn, below, limit, work.c.user_id == u) for u in users), limit)


def _by_tag(conn: Connection, patterns: Sequence[str], below: int, limit: int) -> list[int]:
    translated = select(tag_translation.c.tag_id).where(_like(tag_translation.c.text, patterns))
    named = union(select(tag.c.id).where(_like(tag.c.name, patterns)), translated)
    tags = conn.execute(select(tag.c.id, tag.c.works).where(tag.c.id.in_(named))).all()
    if sum(t.works for t in tags) > FREQUENT or len(tags) > FREQUENT:
        tagged = select(work_tag.c.tag_id).where(
            work_tag.c.work_key == work.c.work_key, work_tag.c.tag_id.in_(named)
        )
        return _newest(conn, below, limit, tagged.exists())
    links = select(work_tag.c.work_key).where(work_tag.c.tag_id.in_([t.id for t in tags]))
    if tombstones.has_any(conn):
        links = links.join(work, work.c.work_key == work_tag.c.work_key).where(tombstones.not_forgotten())
    return _merged([conn.execute(links.where(work_tag.c.work_key < below)).scalars()], limit)


def _merged(lists: Iterable[Iterable[int]], limit: int) -> list[int]:
    return sorted({key for keys in lists for key in keys}, reverse=True)[:limit]


def _hits(conn: Connection, found: Mapping[int, Matched]) -> list[Hit]:
    return [
        Hit(**r._mapping, ref=Ref.of_work(r.work_key), matched=found[r.work_key])
        for r in rows(conn, _HITS, keys=listed(found))
    ]
