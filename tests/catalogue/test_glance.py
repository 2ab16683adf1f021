"""What the short screen of `status` says, and that it looks at nothing that grows with the mirror."""

import re
import sqlite3
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import Connection, event

from pixmirror.catalogue import runs, sql
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.sql import executed
from pixmirror.ingest.works import record_works
from pixmirror.reports import kept
from pixmirror.reports.glance import Glance, JobLine, glance
from pixmirror.reports.headline import Around, Job, Planned
from pixmirror.reports.kept import Counts
from tests.catalogue.builders import DAY, HOUR, NOW, illust, seen, works

MINUTE = 60_000
GROWING = "work|media|payload|tag|work_tag|user|comment|sighting|bookmark|ranking|stat|work_job|text_version"
JOBS = (Job("following", "following", 1800, NOW + 18 * MINUTE), Job("bookmarks", "bookmarks", 3600, NOW + HOUR))
AROUND = Around(daemon=True, jobs=JOBS, free=1 << 40, reserve=10 << 30)
PLANNED = {
    "following": Planned("following", NOW + 21 * MINUTE), "bookmarks": Planned("bookmarks", NOW + DAY + HOUR),
    "off": Planned("ranking", enabled=False),
}  # fmt: skip


def look(db: Database, around: Around = AROUND) -> Glance:
    return db.read_sync(lambda conn: glance(conn, NOW, around, PLANNED, zone=UTC))


def mirrored(db: Database) -> None:
    db.run_sync(record_works, seen(NOW - HOUR), works(illust(1), illust(2, title="金魚と夏の終わり")), {})

    def ran(conn: Connection) -> None:
        for name, new in (("following", 31), ("bookmarks", 2)):
            runs.save_job(conn, name, name, None)
            run_id = runs.start_run(conn, name, name, NOW - 9 * MINUTE)
            runs.end_run(conn, run_id, "done", NOW - 8 * MINUTE, new=new)
            runs.job_done(conn, name, True, NOW - 8 * MINUTE)

    db.run_sync(ran)


def test_jobs_have_a_line_each_with_last_and_next_run(db: Database) -> None:
    mirrored(db)
    assert look(db).jobs == (
        JobLine("following", "9 min ago", "31 new", "in 21 min"),
        JobLine("bookmarks", "9 min ago", "2 new", "on 15 Nov"),
    )


def test_a_job_that_is_paused_or_keeps_failing_says_so(db: Database) -> None:
    mirrored(db)

    def fail(conn: Connection) -> None:
        runs.pause_job(conn, "bookmarks", NOW + 2 * DAY)
        for _ in range(3):
            runs.job_done(conn, "following", False, NOW)

    db.run_sync(fail)
    first, second = look(db).jobs
    assert (first.result, second.next) == ("failed 3 times", "paused until 16 Nov, 22:13")


def test_what_is_not_to_be_had_is_counted_with_its_cure(db: Database) -> None:
    mirrored(db)
    sql = "UPDATE media SET state = ?, error = 'e', attempts = 4, due_at = ? WHERE owner_id = ?"
    db.run_sync(lambda c: c.exec_driver_sql(sql, ("damaged", NOW + 20 * DAY, 2)))
    db.run_sync(lambda c: c.exec_driver_sql(sql, ("waiting", NOW + 2 * HOUR, 4)))
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'limited' WHERE work_key = 2"))
    assert look(db).asides == (
        "1 file damaged at Pixiv, kept as it is (next asked on 4 Dec)",
        "1 work hidden from the app; a web login shows it: pixmirror help recover",
        "1 file waiting for another try (in 2 h)",
    )


def test_the_disk_lasts_as_long_as_it_grows(db: Database) -> None:
    grows = kept.Growth(per_day=float(1 << 30), history=30)
    db.run_sync(kept.save, kept.Kept(NOW, Counts(0, 0, 0, 0, 0, 0, 0, None), growth=grows))
    assert look(db).lasts == "enough for about 3 years"


@pytest.mark.parametrize(
    ("room", "history", "says"),
    [
        (1 << 40, 0, "enough for about 3 years, by less than a day of history (30 days tell more)"),
        (1 << 40, 1, "enough for about 3 years, by 1 day of history (30 days tell more)"),
        (0, 30, "no room for more files"),
        (-1, 0, "no room for more files"),
    ],
)
def test_the_disk_is_told_in_sense(room: int, history: int, says: str) -> None:
    assert kept.Disk(room, float(1 << 30), room / (1 << 30), history, holds_all=True).text() == says


def test_nothing_that_grows_is_read_from_end_to_end(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored(db)
    asked: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((statement, parameters))

    def noted(conn: Connection, statement: str, bound: Any) -> sqlite3.Cursor:
        asked.append((statement, bound))
        return executed(conn, statement, bound)

    monkeypatch.setattr(sql, "executed", noted)

    def plans(conn: Connection) -> list[str]:
        event.listen(conn, "before_cursor_execute", note)
        glance(conn, NOW, AROUND, PLANNED, zone=UTC)
        event.remove(conn, "before_cursor_execute", note)
        return [
            f"{row[3]}: {statement}"
            for statement, parameters in asked
            for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]

    found = db.read_sync(plans)
    assert len(asked) > 20
    # By indexes that hold few, or with which works are counted: 40 ms for a million.
    scans = [plan for plan in found if re.match(rf"SCAN ({GROWING})\b", plan)]
    assert [plan for plan in scans if not re.search(r"INDEX (work_|media_)", plan)] == []


def test_works_are_counted_once_and_again_after_one_has_come_in(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored(db)
    counted: list[str] = []

    def noted(conn: Connection, statement: str, bound: Any) -> sqlite3.Cursor:
        counted.extend([statement] if statement == "SELECT count(*) FROM work" else ())
        return executed(conn, statement, bound)

    monkeypatch.setattr(sql, "executed", noted)
    assert [look(db).works, look(db).works, len(counted)] == [2, 2, 1]
    db.run_sync(record_works, seen(NOW), works(illust(3)), {})
    assert [look(db).works, len(counted)] == [3, 2]
