"""How something was seen, and small things that every part of ingestion needs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, bindparam, cast, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.schema import meta
from pixmirror.models import Lane

WEB = "web"  # endpoint class and evidence of what the website alone shows


@dataclass(frozen=True, slots=True)
class Wants:
    """What a job wants beside the catalogue entry of each work."""

    files: bool = True
    comments: bool = True
    novels: bool = True
    profiles: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """Who saw it (account, job), when, through which class of endpoint, and how urgent its files are.

    `endpoint` names the class (list, feed, bookmark, ...); only `detail` is believed where it is empty.
    No `job` is a re-reading: it changes what is known, not who wants it.
    """

    account_id: int
    job: str
    now: int
    endpoint: str = "list"
    language: str = "en"
    lane: int = Lane.NEW
    wants: Wants = Wants()


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a page brought: keys of works that are new (or until now only stubs) or changed."""

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    known: int = 0
    stubs: int = 0


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`column IN` the JSON list bound to `name`: one parameter and one cached statement whatever the length."""
    listed = func.json_each(bindparam(name, type_=SqlText)).table_valued("value")
    return column.in_(select(listed.c.value))


def listed(values: Iterable[int | str]) -> str:
    return json.dumps(list(values))


_SEQ = insert(meta).values(key="change_seq", value="1")
_NEXT_SEQ = _SEQ.on_conflict_do_update(
    index_elements=["key"], set_={"value": cast(cast(meta.c.value, Integer) + 1, SqlText)}
).returning(meta.c.value)


def next_seq(conn: Connection) -> int:
    """One more than ever before; what a transaction changes carries it, for search and sidecars."""
    return int(conn.execute(_NEXT_SEQ).scalar_one())
