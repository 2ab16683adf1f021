"""Browsers that may look. Kept is the SHA-256 of what their cookie holds, so that nobody gets in by a copy of the
file. Each function is a transaction of gallery.db; `known` reads, also through the shelves.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.gallery.schema import session
from pixmirror.catalogue.sql import made
from pixmirror.clock import MINUTE_MS
from pixmirror.terminal import one_line

Kind = Literal["key", "password"]
LONGEST_AGENT = 300
TOUCHED = 5 * MINUTE_MS  # `last_seen` is so exact

_s = session.c


@dataclass(frozen=True, slots=True)
class Session:
    """A browser: by what it came in, what it calls itself, when it was last seen."""

    digest: str
    kind: Kind
    agent: str
    created_at: int
    last_seen: int


def begin(conn: Connection, digest: str, kind: Kind, agent: str, now: int) -> None:
    values = {"digest": digest, "kind": kind, "agent": one_line(agent)[:LONGEST_AGENT]}
    conn.execute(insert(session), values | {"created_at": now, "last_seen": now})


def known(conn: Connection) -> tuple[Session, ...]:
    """Return all sessions, the one that was seen last first."""
    sql = "SELECT digest, kind, agent, created_at, last_seen FROM session ORDER BY last_seen DESC, digest"
    return made(conn, Session, sql)


def touch(conn: Connection, digest: str, now: int) -> bool:
    """Note that a session was seen. False if it is none, or was ended."""
    conn.execute(update(session).where(_s.digest == digest, _s.last_seen < now - TOUCHED).values(last_seen=now))
    return conn.scalar(select(_s.digest).where(_s.digest == digest)) is not None


def end(conn: Connection, digest: str) -> bool:
    """End a session. False if there was none."""
    return bool(conn.execute(session.delete().where(_s.digest == digest)).rowcount)


def end_idle(conn: Connection, since: int) -> int:
    """End the sessions that were not seen since then. Return how many."""
    return conn.execute(session.delete().where(_s.last_seen < since)).rowcount
