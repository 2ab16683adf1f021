"""The scrub reads each file once in so many days, in small steps, and is never in anybody's way."""

import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import blocks, findings, losses, migrate, queue, soundness
from pixmirror.catalogue import schema as s
from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target
from pixmirror.reports.soundness import soundness as how_sound
from pixmirror.store import MirrorRoot
from pixmirror.verify import mending, passes, reading, run, scrub
from pixmirror.verify.passes import Pass
from pixmirror.verify.scrub import Kept, Plan

NOW = 1_780_000_000_000
DAYS = 10
SIZE = 1000
PLAN = Plan(DAYS)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def root(tmp_path: Path):
    with MirrorRoot.open(tmp_path / "mirror") as mirror:
        yield mirror


@pytest.fixture
def db(root: MirrorRoot):
    path = root.root / "catalogue.db"
    migrate.upgrade(path)
    with Database.open(path) as database:
        database.run_sync(fill, root.media, 40)
        yield database


def fill(conn: Connection, media: Path, count: int, state: str = "live") -> None:
    for n in range(count):
        key, name = 2 * (100 + n), f"{5 + n % 4}/{100 + n}_p0.jpg"
        body = hashlib.sha256(name.encode()).digest() * 32
        (media / name).parent.mkdir(exist_ok=True)
        (media / name).write_bytes(body[:SIZE])
        work = {"work_key": key, "medium": "illust", "type": "illust", "title": "", "caption": "", "state": state}
        conn.execute(s.work.insert().values(work | {"change_seq": 1, "first_seen": 0, "last_seen": 0}))
        row = {"owner_kind": "work", "owner_id": key, "role": "page", "idx": 0, "version": "", "url": "u"}
        row |= {"path": name, "state": "stored", "size": SIZE, "sha256": hashlib.sha256(body[:SIZE]).hexdigest()}
        conn.execute(s.media.insert().values(row | {"priority": 0, "first_seen": 0, "stored_at": NOW - DAY_MS}))
    queue.recount(conn)


def paths(db: Database) -> list[str]:
    return db.read_sync(lambda c: list(c.exec_driver_sql("SELECT path FROM media ORDER BY id").scalars()))


def states(db: Database) -> dict[str, str]:
    return dict(db.read_sync(lambda c: [tuple(r) for r in c.exec_driver_sql("SELECT path, state FROM media")]))


async def step(db: Database, root: MirrorRoot, now: int, plan: Plan = PLAN, *copies: Path) -> tuple[Pass, Kept]:
    this = Pass(db, root.media, now, guard=root.check_media, root=root, copies=copies)
    return this, await scrub.step(this, plan)


async def test_each_file_is_read_once_in_so_many_days_and_no_faster(db: Database, root: MirrorRoot):
    read = []
    for hour in range(DAYS * 24):
        this, _ = await step(db, root, NOW + hour * HOUR_MS)  # as if each were a process of its own
        read.append(this.report.checked)
    assert 36 <= sum(read) <= 44  # twice as fast at the end, when what came a day before is late
    assert max(read) <= scrub.FILES
    first = db.read_sync(lambda c: c.exec_driver_sql("SELECT min(verified_at), max(verified_at) FROM media").one())
    assert first[1] - first[0] > 8 * DAY_MS
    await step(db, root, NOW + (DAYS + 1) * DAY_MS)
    assert db.read_sync(how_sound, NOW + DAYS * DAY_MS, DAYS).percent == 100


async def test_while_the_disk_is_needed_it_rests_but_not_for_ever(db: Database, root: MirrorRoot):
    busy = Plan(DAYS, is_idle=lambda: False)
    await step(db, root, NOW, busy)
    this, kept = await step(db, root, NOW + DAY_MS - HOUR_MS, busy)
    assert (this.report.checked, {at for at, _ in kept.places.values()}) == (0, {None})
    this, _ = await step(db, root, NOW + DAY_MS, busy)
    assert 0 < this.report.checked <= scrub.FILES
    this, _ = await step(db, root, NOW + 9 * DAY_MS, busy)
    assert this.report.checked <= scrub.FILES  # what was missed is not made up for at once


async def test_where_the_disk_is_never_idle_the_other_passes_come_to_their_end_too(db: Database, root: MirrorRoot):
    (root.media / "5/stray.jpg").write_bytes(b"?")
    plan = Plan(DAYS, is_idle=lambda: False)
    for day in range(2 * DAYS):
        await step(db, root, NOW + day * DAY_MS, plan)
        assert not db.read_sync(findings.names, "stray") or day >= DAYS
    assert db.read_sync(findings.names, "stray") == ["5/stray.jpg"]


async def test_many_files_that_the_disk_refuses_keep_no_other_waiting(
    db: Database, root: MirrorRoot, monkeypatch: pytest.MonkeyPatch
):
    refused = paths(db)[:20]
    compare = reading.compare

    def fail(path: Path, *args: Any) -> Any:
        if str(path.relative_to(root.media)) in refused:
            return "unreadable", "unreadable", os.strerror(errno.EACCES)
        return compare(path, *args)

    monkeypatch.setattr(reading, "compare", fail)
    for day in range(1, 2 * DAYS):
        await step(db, root, NOW + day * DAY_MS)
    proved = "SELECT path FROM media WHERE verified_at IS NOT NULL"
    assert set(db.read_sync(lambda c: c.exec_driver_sql(proved).scalars().all())) == set(paths(db)[20:])
    assert set(db.read_sync(findings.names, "file")) == set(refused)


async def test_between_two_bursts_nothing_is_written(db: Database, root: MirrorRoot):
    for minute in range(len(soundness.TABLES) + 2):
        await step(db, root, NOW + minute)
    commits = list[int]()
    db.call_after_commits(lambda: commits.append(1))
    for minute in range(30):
        await step(db, root, NOW + HOUR_MS // 2 + minute)
    assert not commits
    this, _ = await step(db, root, NOW + 3 * HOUR_MS)
    assert (this.report.checked, bool(commits)) == (1, True)


async def test_at_most_so_many_bytes_a_day(db: Database, root: MirrorRoot):
    slow = Plan(DAYS, bytes_per_day=SIZE)
    read = [(await step(db, root, NOW + n * HOUR_MS, slow))[0].report.bytes for n in range(5 * 24)]
    assert sum(read) <= 5 * SIZE + scrub.FILES * SIZE


async def test_all_passes_come_to_their_end_and_begin_anew_when_they_are_old(db: Database, root: MirrorRoot):
    names = {"sidecars", "strays", "tables", *blocks.ROOMS}
    _, kept = await step(db, root, NOW)
    assert kept.places["tables"][0] == soundness.TABLES[0]
    for minute in range(len(soundness.TABLES)):
        _, kept = await step(db, root, NOW + minute)
    assert kept.places.keys() == names
    assert all(at is None and began < NOW + DAY_MS for at, began in kept.places.values())
    _, kept = await step(db, root, NOW + DAYS * DAY_MS + HOUR_MS)
    assert {at for name, (_, at) in kept.places.items()} == {NOW + DAYS * DAY_MS + HOUR_MS}


async def test_what_is_lost_is_wanted_again_and_a_stray_with_its_bytes_adopted(db: Database, root: MirrorRoot):
    lost, moved, *_ = paths(db)
    (root.media / lost).write_bytes(b"short")
    (root.media / moved).rename(root.media / "5" / "elsewhere.jpg")
    (root.media / "6" / "notes.txt").write_text("mine")
    for hour in range(DAYS * 24):
        await step(db, root, NOW + hour * HOUR_MS)
    for minute in range(9):
        await step(db, root, NOW + 2 * DAYS * DAY_MS + minute)
    assert {path for path, state in states(db).items() if state != "stored"} == {lost}
    assert (root.media / moved).read_bytes()
    found = db.read_sync(findings.first)
    assert [(one.subject, one.name, one.kind) for one in found] == [("stray", "6/notes.txt", "stray")]
    how = db.read_sync(how_sound, NOW + 3 * DAYS * DAY_MS, DAYS)
    assert (how.is_sound, how.coming) == (False, 1)
    assert how.says(NOW).startswith("not sound: 1 file lost (")


async def test_many_lost_at_once_are_not_believed_until_verify_says_so(db: Database, root: MirrorRoot):
    for path in paths(db)[:30]:
        (root.media / path).unlink()
    for hour in range(DAYS * 24):
        await step(db, root, NOW + hour * HOUR_MS)
    missing = [path for path, state in states(db).items() if state != "stored"]
    assert len(missing) <= passes.FEW
    assert [one.subject for one in db.read_sync(findings.first)] == ["disk"]
    later = NOW + DAYS * DAY_MS
    await run(db, root.media, quick=True, now=later, believe=True, root=root)
    assert sum(state == "stored" for state in states(db).values()) == 10
    assert db.read_sync(findings.first) == ()


async def test_an_unreadable_file_is_lost_when_it_cannot_be_read_a_day_later_either(
    db: Database, root: MirrorRoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    copy = tmp_path / "copy"
    shutil.copytree(root.media, copy)
    bad, read = paths(db)[0], os.read
    node = (root.media / bad).stat().st_ino

    def fail(fd: int, size: int) -> bytes:
        if os.fstat(fd).st_ino == node:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(fd, size)

    monkeypatch.setattr(os, "read", fail)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'gone'"))
    await run(db, root.media, quick=False, now=NOW, root=root)
    assert states(db)[bad] == "stored"
    assert [(f.name, f.kind) for f in db.read_sync(findings.first)] == [(bad, "unreadable")]
    report = await run(db, root.media, quick=False, now=NOW + DAY_MS, root=root, copies=[copy])
    assert (report.copied, report.sound, states(db)[bad]) == (1, True, "stored")
    assert db.read_sync(findings.first) == ()


@pytest.mark.parametrize("below", ["", "media"])
async def test_a_copy_brings_back_what_pixiv_has_no_more_and_is_never_trusted_without_the_hash(
    db: Database, root: MirrorRoot, tmp_path: Path, below: str
):
    copy, away = tmp_path / "copy", tmp_path / "not mounted"
    shutil.copytree(root.media, copy / below, dirs_exist_ok=True)
    gone, live, rotten, renamed, folder = paths(db)[:5]
    of = {path: (root.media / path).read_bytes() for path in (gone, live, rotten, renamed, folder)}
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'gone' WHERE work_key != 202"))
    for path in of:
        (root.media / path).unlink()
    (root.media / folder).mkdir()
    (copy / below / rotten).write_bytes(bytes(SIZE))
    other = (copy / below / renamed).with_name("another name.bin")
    (copy / below / renamed).rename(other)
    report = await run(db, root.media, quick=False, now=NOW, root=root, copies=[away, copy])
    assert report.copies_absent == [str(away)]
    assert (report.copied, report.wanted_again, report.given_up) == (2, 1, 2)
    assert report.lost == sorted([rotten, folder])  # a folder in its place is nobody's to remove
    for path in (gone, renamed):
        assert (root.media / path).read_bytes() == of[path]
    assert not list(root.media.rglob("*.part"))
    assert [one.path for one in db.read_sync(losses.given_up, 9)] == report.lost
    (root.media / folder).rmdir()
    report = await run(db, root.media, quick=False, now=NOW, root=root, copies=[copy])
    assert (report.copied, report.lost) == (1, [rotten])


async def test_a_file_larger_than_what_is_fetched_by_now_comes_back_from_a_copy(
    db: Database, root: MirrorRoot, tmp_path: Path
):
    copy = tmp_path / "copy"
    shutil.copytree(root.media, copy)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'gone'"))
    (root.media / paths(db)[0]).unlink()
    root.max_file = SIZE // 2
    report = await run(db, root.media, quick=False, now=NOW, root=root, copies=[copy])
    assert (report.copied, report.sound) == (1, True)


@pytest.mark.parametrize("way", ["copy", "stray"])
@pytest.mark.parametrize("meanwhile", ["forgotten", "fetched"])
async def test_what_is_forgotten_or_fetched_while_its_bytes_are_read_is_left_alone(
    db: Database, root: MirrorRoot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str, meanwhile: str
):
    path, copy = paths(db)[0], tmp_path / "copy"
    shutil.copytree(root.media, copy)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'gone'"))
    if way == "stray":
        (root.media / path).rename(root.media / "stray.jpg")
        shutil.rmtree(copy)
    else:
        (root.media / path).unlink()
    other = bytes(SIZE)
    sha256 = hashlib.sha256(other).hexdigest()

    def happens() -> bool:
        monkeypatch.undo()
        if meanwhile == "forgotten":
            db.run_sync(forgetting.forget, Target("work", 200), NOW, 0)
            return True
        (root.media / path).write_bytes(other)
        stored = "UPDATE media SET state = 'stored', sha256 = ? WHERE owner_id = 200"
        db.run_sync(lambda c: c.exec_driver_sql(stored, (sha256,)))
        return True

    if way == "copy":
        read = mending._read
        monkeypatch.setattr(mending, "_read", lambda source: (happens(), read(source))[1])
    else:
        known = passes._known_among
        monkeypatch.setattr(passes, "_known_among", lambda *args: (known(*args), happens())[0])
    report = await run(db, root.media, quick=False, now=NOW, root=root, copies=[copy])
    assert (report.copied, report.adopted) == (0, 0)
    if meanwhile == "forgotten":
        assert (states(db)[path], (root.media / path).exists()) == ("forgotten", False)
    else:
        assert (states(db)[path], (root.media / path).read_bytes()) == ("stored", other)


async def test_the_line_of_status_says_since_when_all_is_proved(db: Database):
    assert db.read_sync(how_sound, NOW, 90).says(NOW) == "sound, last proved 24 h ago, 100% within 90 days"
    later = NOW + 100 * DAY_MS
    db.run_sync(lambda c: c.exec_driver_sql(f"UPDATE media SET verified_at = {NOW} WHERE id <= 10"))
    db.run_sync(lambda c: c.exec_driver_sql(f"UPDATE media SET verified_at = {later - 12 * DAY_MS} WHERE id > 39"))
    assert db.read_sync(how_sound, later, 90).says(later) == "sound, last proved 12 days ago, 2% within 90 days"
