"""What a wrong clock dated into the future is pulled back; what waits as it should, waits on."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from pixmirror.catalogue import chores, clocks, runs
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.feeds import NEVER
from pixmirror.daemon.mirror import pull_back_times
from pixmirror.ingest import lists
from pixmirror.ingest.works import record_works
from pixmirror.models import Lane
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, seen, works

pytestmark = pytest.mark.anyio
YEARS = 3650 * DAY
FAR = NOW + YEARS


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def put(db: Database, sql: str, **values: Any) -> None:
    db.run_sync(lambda c: c.execute(text(sql), values))


def one(db: Database, sql: str) -> Any:
    return db.read_sync(lambda c: c.execute(text(sql)).scalar())


def at(date: str) -> dict[str, Any]:
    return {"create_date": f"{date}T00:00:00+09:00"}


async def test_ten_years_ahead_for_a_day_leaves_nothing_in_the_future(db: Database):
    db.run_sync(record_works, seen(FAR), works(illust(1)), {})
    db.run_sync(lists.record_bookmarks, ME, "public", [2, 4], FAR, None)
    db.run_sync(chores.add, "detail", 8, int(Lane.REFRESH), FAR + 30 * DAY)
    db.run_sync(chores.postpone, "comments", 2, FAR + HOUR, "503")
    put(db, "UPDATE media SET state = 'waiting', due_at = :t", t=FAR + HOUR)
    put(
        db,
        "INSERT INTO feed (account_id, endpoint, params, job, lane, due_at, head_at, full_at, full_started, "
        "refresh_at) VALUES (99, 'user/illusts', '{}', 'j', 3, :t, :t, :t, :t, :t)",
        t=FAR,
    )
    for due in (FAR, NEVER):
        put(
            db,
            "INSERT INTO gap (feed_id, kind, spec, due_at, opened_at) VALUES (1, 'full', :s, :t, :o)",
            s=json.dumps({"started": FAR, "offset": 30}), t=due, o=FAR,
        )  # fmt: skip
    for key, value in {
        "control:profile": str(FAR), "refused:7": json.dumps({"since": FAR, "count": 3}),
        "files_denied": json.dumps([FAR, 2, 1]), "stored_bytes": str(2 * FAR), "pause": json.dumps({"until": FAR}),
    }.items():  # fmt: skip
        db.run_sync(runs.set_meta, key, value)
    assert (await pull_back_times(db, NOW)).state == "set back"
    times = {
        "SELECT max(last_seen) FROM work": NOW, "SELECT max(last_seen) FROM bookmark": NOW,
        "SELECT max(last_at) FROM sighting": NOW, "SELECT max(due_at) FROM media": NOW,
        "SELECT due_at FROM chore WHERE kind = 'detail' AND key = 8": NOW + 30 * DAY,
        "SELECT due_at FROM chore WHERE kind = 'comments'": NOW,
        "SELECT max(due_at, head_at, full_at, full_started, refresh_at) FROM feed": NOW,
        "SELECT min(due_at) FROM gap": NOW, "SELECT max(due_at) FROM gap": NEVER,
        "SELECT max(json_extract(spec, '$.started')) FROM gap": NOW,
        "SELECT max(json_extract(spec, '$.offset')) FROM gap": 30,
    }  # fmt: skip
    for sql, expected in times.items():
        assert one(db, sql) == expected, sql
    found = {key: db.read_sync(runs.get_meta, key) for key in ("control:profile", "stored_bytes", "pause")}
    assert found == {
        "control:profile": str(NOW), "stored_bytes": str(2 * FAR), "pause": json.dumps({"until": FAR}),
    }  # fmt: skip
    assert json.loads(db.read_sync(runs.get_meta, "refused:7") or "") == {"since": NOW, "count": 3}
    assert json.loads(db.read_sync(runs.get_meta, "files_denied") or "") == [NOW, 2, 1]
    assert one(db, "SELECT first_seen FROM work") == FAR, "what is history stays as it was written"
    assert (await pull_back_times(db, NOW + HOUR)).state == "right"


async def test_a_month_ahead_delays_nothing_new_and_asks_for_nothing_old(db: Database):
    ahead = NOW + 30 * DAY
    db.run_sync(clocks.note, ahead)
    for kind, key, lane, due in (
        ("text", 3, Lane.COMPLETE, ahead - HOUR),  # of a new work, not reached before the clock was set back
        ("profile", 5, Lane.EXTRA, NOW + 20 * DAY),  # planned before
        ("profile", 7, Lane.EXTRA, ahead + 29 * DAY),  # planned meanwhile
    ):
        db.run_sync(chores.add, kind, key, int(lane), due)
    feed = "INSERT INTO feed (account_id, endpoint, params, job, lane, due_at, refresh_at) VALUES "
    put(db, f"{feed} (99, 'user/illusts', '{{}}', 'j', 3, :due, :again)", due=ahead - HOUR, again=NOW + DAY)
    await pull_back_times(db, NOW)
    found = db.read_sync(lambda c: {r[0]: r[1] for r in c.execute(text("SELECT key, due_at FROM chore"))})
    assert found == {3: NOW, 5: NOW + 20 * DAY, 7: NOW + 29 * DAY}
    assert one(db, "SELECT due_at FROM feed") == NOW
    assert one(db, "SELECT refresh_at FROM feed") == NOW + DAY


async def test_nothing_moves_while_the_clock_itself_is_behind(db: Database):
    recent = [illust(n) | at("2023-11-10") for n in range(1, 12)]
    db.run_sync(record_works, seen(NOW), works(*recent), {})
    db.run_sync(chores.add, "detail", 8, int(Lane.REFRESH), NOW + 30 * DAY)
    db.run_sync(clocks.note, NOW)
    before = one(db, "SELECT group_concat(last_seen) FROM work"), one(db, "SELECT group_concat(due_at) FROM chore")
    for wrong in (0, NOW - YEARS):
        assert (await pull_back_times(db, wrong)).state == "behind"
        assert json.loads(db.read_sync(runs.get_meta, clocks.BEHIND) or "") == {"now": wrong, "latest": NOW}
        db.run_sync(clocks.note, wrong + HOUR)
    assert before == (
        one(db, "SELECT group_concat(last_seen) FROM work"), one(db, "SELECT group_concat(due_at) FROM chore"),
    )  # fmt: skip
    assert (await pull_back_times(db, NOW + HOUR)).state == "right"
    assert db.read_sync(runs.get_meta, clocks.BEHIND) is None


async def test_what_waits_for_longer_than_anything_of_ours_is_asked_for(db: Database):
    """A catalogue in which nothing tells any more how late it once was."""
    db.run_sync(clocks.note, NOW)
    db.run_sync(chores.add, "detail", 2, int(Lane.REFRESH), FAR)
    db.run_sync(chores.add, "detail", 4, int(Lane.REFRESH), NOW + 365 * DAY)
    assert (await pull_back_times(db, NOW)).state == "right"
    due = db.read_sync(lambda c: {r[0]: r[1] for r in c.execute(text("SELECT key, due_at FROM chore"))})
    assert due == {2: NOW, 4: NOW + 365 * DAY}


@pytest.mark.parametrize("due", clocks.DUE, ids=lambda d: f"{d.table}.{d.column}")
def test_looking_for_what_waits_too_long_reads_an_index(db: Database, due: clocks.Due):
    if due.table == "gap":
        pytest.skip("gaps are few")
    for where in db.read_sync(lambda c: list(clocks._ways(c, due))):
        sql = f"EXPLAIN QUERY PLAN UPDATE {due.table} SET {due.column} = 1 WHERE {where} AND {due.column} > 2"
        plan = db.read_sync(lambda c, sql=sql: str(c.execute(text(sql)).all()))  # type: ignore[misc]
        assert "SCAN" not in plan, plan


def test_every_table_is_read_to_its_end_in_slices(db: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clocks, "SLICE", 3)
    db.run_sync(record_works, seen(FAR), works(*(illust(n) for n in range(1, 11))), {})
    for part in db.read_sync(clocks.slices):
        db.run_sync(clocks.pull_back_past, part, NOW)
    assert (
        one(db, "SELECT count(*) FROM work WHERE last_seen > 0 AND last_seen <= :n".replace(":n", str(NOW))) == 10
    )
