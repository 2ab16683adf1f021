"""SQLite keeps no figures of a catalogue's rows, and would take what all rows are for what few of them are."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from pixmirror import verify
from pixmirror.catalogue import losses, sql
from pixmirror.catalogue.refs import parse_ref
from pixmirror.catalogue.sql import column, executed
from pixmirror.daemon import adding
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.fetch import trash
from pixmirror.ingest import retrying
from pixmirror.ingest.forgetting import Target
from pixmirror.models import work_key
from pixmirror.reports import drift, estimate, selection
from pixmirror.reports.search import match
from tests.standin import EVERYTHING, Setup
from tests.virtual_time import VirtualClock, run_virtually, serving

READS_ALL = re.compile(r"^SEARCH (media|m) .*\(owner_kind=\?\)")  # for every file is one of a work


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """What SQLite does for each statement that is executed."""
    found: dict[str, list[str]] = {}

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement not in found and statement.split(None, 1)[0] in ("SELECT", "UPDATE", "DELETE", "WITH"):
            one = parameters[0] if many else parameters
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", one)
            found[statement] = [row[3] for row in plan]

    def noted(conn: Connection, statement: str, bound: Any) -> sqlite3.Cursor:
        note(conn, conn.connection.cursor(), statement, bound, None, False)
        return executed(conn, statement, bound)

    monkeypatch.setattr(sql, "executed", noted)
    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def found_by(conn: Connection, sql: str) -> list[Any]:
    return column(conn, sql)


def test_nothing_is_looked_up_by_what_all_rows_are(tmp_path: Path, steps: dict[str, list[str]]) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        artist = add_artist(world, works=6, manga=2, pages=3, ugoira=1, until_ms=clock.now() - 9 * 86_400_000)
        other = add_artist(world, works=2, follow=None)
        first, second, *_ = (w for w in world.works.values() if w.user_id == artist.id and w.type == "illust")
        theirs = next(w for w in world.works.values() if w.user_id == other.id)
        world.bookmark(theirs)
        async with serving(create_app(world)) as url:
            setup = Setup(tmp_path / "mirror", url, EVERYTHING)
            assert (await setup.sync(clock=clock)).exit_code == 0
            async with open_mirror(setup.config(), {}, clock=clock) as m:
                await trash.forget(m.db, m.root, Target("work", work_key("illust", first.id)), clock.now(), 30)
                lost = next(m.root.media.glob(f"*/{second.id}_p0.*"))
                await asyncio.to_thread(lost.unlink)
                await verify.run(m.db, m.root.media, quick=True, now=clock.now())
                for what in retrying.KINDS:
                    await m.db.run(retrying.again, None, what, clock.now())
                await m.db.read(drift._copy_of_user, artist.id)
                await m.db.read(losses.noted)
                await m.db.read(estimate.newest_artist)
                of_states = (match._OF_FILES.format(s) for s in ("wanted", "waiting", "fetching", "refused"))
                for sql in (*of_states, *(selection._LEADS[s] for s in ("damaged", "left-out", "waiting"))):
                    await m.db.read(found_by, sql)
                await adding.add(m, [parse_ref(str(theirs.id))])
            for name in ("following", "bookmarks", "ranking"):
                await setup.sync(name, clock=clock)
            async with open_mirror(setup.config(), {}, clock=clock) as m:
                await trash.forget(m.db, m.root, Target("user", artist.id), clock.now(), 0)

    run_virtually(main)
    assert len(steps) > 200
    assert {sql: plan for sql, plan in steps.items() if any(map(READS_ALL.search, plan))} == {}
