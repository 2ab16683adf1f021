"""What is found without search.db: by part of a title, a tag in any language, or a user's name; newest first."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, or_, select, union
from sqlalchemy import text as sql_text

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.schema import tag, tag_translation, user, work, work_tag

MANY = 100  # so many users are asked one by one; with more of them the works are gone through instead
# So many links to tags are read; with more of them the works are gone through, and soon enough match.
FREQUENT = 20_000

_not_forgotten = sql_text(tombstones.not_forgotten_sql("work.work_key"))

Matched: TypeAlias = Literal["id", "title", "tag", "user", "caption", "text", "fields"]


def scan(conn: Connection, text: str, below: int, limit: int) -> dict[int, Matched]:
    """Return works whose title, tag (or a translation of it) or user matches, and where, the newest first."""
    found: dict[int, Matched] = {}
    likes = patterns(text)
    for key in newest(conn, below, limit, _like(work.c.title, likes)):
        found[key] = "title"
    for key in _by_user(conn, likes, below, limit):
        found.setdefault(key, "user")
    for key in _by_tag(conn, likes, below, limit):
        found.setdefault(key, "tag")
    return {key: found[key] for key in sorted(found, reverse=True)[:limit]}


def patterns(text: str) -> tuple[str, ...]:
    """Return LIKE patterns for the text as typed and with width and case folded (LIKE itself folds ASCII only)."""
    folded = unicodedata.normalize("NFKC", text)
    forms = dict.fromkeys((text, folded, folded.casefold()))
    forms |= dict.fromkeys(f.removeprefix("#") for f in list(forms) if len(f) > 1)
    return tuple("%" + re.sub("([%_@])", r"@\1", form) + "%" for form in forms)


def _like(column: ColumnElement[str], likes: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(column.like(p, escape="@") for p in likes))


def newest(conn: Connection, below: int, limit: int, where: ColumnElement[bool]) -> list[int]:
    """Return the newest works that meet a condition and are not forgotten."""
    ordered = select(work.c.work_key).where(work.c.work_key < below, where)
    if tombstones.has_any(conn):
        ordered = ordered.where(_not_forgotten)
    ordered = ordered.order_by(work.c.work_key.desc()).limit(limit)
    return list(conn.execute(ordered).scalars())


def _by_user(conn: Connection, likes: Sequence[str], below: int, limit: int) -> list[int]:
    has_works = select(work.c.work_key).where(work.c.user_id == user.c.id).exists()
    named = select(user.c.id).where(or_(_like(user.c.name, likes), _like(user.c.account, likes)), has_works)
    users = list(conn.execute(named.limit(MANY + 1)).scalars())
    if len(users) > MANY:
        return newest(conn, below, limit, work.c.user_id.in_(named))
    return _merged((newest(conn, below, limit, work.c.user_id == u) for u in users), limit)


def _by_tag(conn: Connection, likes: Sequence[str], below: int, limit: int) -> list[int]:
    translated = select(tag_translation.c.tag_id).where(_like(tag_translation.c.text, likes))
    named = union(select(tag.c.id).where(_like(tag.c.name, likes)), translated)
    tags = conn.execute(select(tag.c.id, tag.c.works).where(tag.c.id.in_(named))).all()
    if sum(t.works for t in tags) > FREQUENT or len(tags) > FREQUENT:
        tagged = select(work_tag.c.tag_id).where(
            work_tag.c.work_key == work.c.work_key, work_tag.c.tag_id.in_(named)
        )
        return newest(conn, below, limit, tagged.exists())
    links = select(work_tag.c.work_key).where(work_tag.c.tag_id.in_([t.id for t in tags]))
    if tombstones.has_any(conn):
        links = links.join(work, work.c.work_key == work_tag.c.work_key).where(_not_forgotten)
    return _merged([conn.execute(links.where(work_tag.c.work_key < below)).scalars()], limit)


def _merged(lists: Iterable[Iterable[int]], limit: int) -> list[int]:
    return sorted({key for keys in lists for key in keys}, reverse=True)[:limit]
