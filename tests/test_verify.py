"""Verify finds every file that is not as it was stored, wants it again, and touches nothing on disk."""

import hashlib
import os

import pytest
from sqlalchemy import create_engine, select

from pixmirror import verify
from pixmirror.catalogue import findings, losses, queue, runs
from pixmirror.catalogue import schema as s
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.refs import parse_ref
from pixmirror.errors import StorageAbsent
from pixmirror.ingest import sidecars
from pixmirror.verify import passes

NOW = 1_780_000_000_000
NAMES = [f"5/{work_id}_p0.jpg" for work_id in range(10, 16)]

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "media"
    (folder / "5").mkdir(parents=True)
    return folder


@pytest.fixture
def db(tmp_path, root):
    path = tmp_path / "catalogue.db"
    engine = create_engine(f"sqlite:///{path}")
    s.metadata.create_all(engine)
    engine.dispose()
    with Database(path) as database:
        database.run_sync(fill, root)
        yield database


def fill(conn, root):
    for n, name in enumerate(NAMES):
        body = name.encode() * 10
        (root / name).write_bytes(body)
        key = (10 + n) * 2
        work = {"work_key": key, "medium": "illust", "type": "illust", "title": "", "caption": "", "change_seq": 1}
        conn.execute(s.work.insert().values(work | {"first_seen": 0, "last_seen": 0}))
        row = {"owner_kind": "work", "owner_id": key, "role": "page", "idx": 0, "version": "", "url": "u"}
        row |= {"path": name, "state": "stored", "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        conn.execute(s.media.insert().values(row | {"priority": 0, "first_seen": 0, "stored_at": 0}))
    queue.recount(conn)


def states(db):
    rows = db.read_sync(lambda c: c.execute(select(s.media.c.path, s.media.c.state)).all())
    return {r.path: r.state for r in rows}


def harm(root):
    (root / NAMES[0]).unlink()
    (root / NAMES[1]).write_bytes(b"short")
    body = bytearray((root / NAMES[2]).read_bytes())
    body[3] ^= 1
    (root / NAMES[2]).write_bytes(body)


async def test_an_untouched_mirror_is_sound(db, root):
    seen = []
    report = await verify.run(db, root, quick=False, now=NOW, progress=lambda r: seen.append(r.checked))
    assert report.sound
    assert (report.checked, report.ok, report.unknown_files, report.tags_miscounted) == (6, 6, 0, 0)
    assert report.bytes == sum((root / name).stat().st_size for name in NAMES)
    assert seen[-1] == 6
    verified = db.read_sync(lambda c: set(c.execute(select(s.media.c.verified_at)).scalars()))
    assert verified == {NOW}


@pytest.mark.parametrize("batch", [1, 64])
async def test_missing_short_and_rotten_files_are_found_and_wanted_again(db, root, monkeypatch, batch):
    monkeypatch.setattr(passes, "HASH_BATCH", batch)
    harm(root)
    report = await verify.run(db, root, quick=False, now=NOW)
    assert not report.sound
    assert (report.missing, report.wrong_size, report.wrong_hash, report.wanted_again) == (1, 1, 1, 3)
    assert [b.path for b in report.bad] == NAMES[:3]
    assert [states(db)[name] for name in NAMES] == ["wanted"] * 3 + ["stored"] * 3
    assert "when verified" in db.read_sync(lambda c: c.execute(select(s.media.c.error)).scalars().first())
    assert db.read_sync(queue.counts).stored == 3


async def test_quick_sees_existence_and_size_only(db, root):
    harm(root)
    report = await verify.run(db, root, quick=True, now=NOW)
    assert (report.missing, report.wrong_size, report.wrong_hash) == (1, 1, 0)
    assert states(db)[NAMES[2]] == "stored"


async def test_strays_are_named_and_left_alone(db, root):
    strays = ["5/10_p7.jpg", "5/99_p0.jpg", "deep/er/notes.txt"]
    known = ["5/10.json", ".pixmirror-media", "5/.11_p0.jpg.01234567.89abcdef.part"]
    for name in strays + known:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    report = await verify.run(db, root, quick=True, now=NOW)
    assert (report.unknown_files, report.unknown) == (3, strays)
    assert report.sound
    assert all((root / name).exists() for name in strays)


async def test_a_media_folder_that_is_not_there_costs_nothing(db, root):
    root.rename(root.with_name("away"))
    with pytest.raises(StorageAbsent):
        await verify.run(db, root, quick=True, now=NOW)
    assert set(states(db).values()) == {"stored"}


async def test_a_media_folder_that_goes_away_in_the_middle_costs_nothing(db, root):
    def unmounted():
        if asked:
            raise StorageAbsent("The marker is not there.")
        asked.append(True)
        for name in NAMES:
            (root / name).unlink()

    asked: list[bool] = []
    with pytest.raises(StorageAbsent):
        await verify.run(db, root, quick=True, now=NOW, guard=unmounted)
    assert set(states(db).values()) == {"stored"}


async def test_a_file_that_the_disk_refuses_to_read_is_reported_and_not_wanted_again(db, root, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    report = await verify.run(db, root, quick=False, now=NOW)
    assert (report.unreadable, report.wanted_again, report.sound) == (6, 0, False)
    assert set(states(db).values()) == {"stored"}


async def test_counters_that_moved_wrongly_are_reported_and_set_right(db, root):
    def spoil(conn):
        conn.execute(s.tag.insert().values(id=1, name="t", works=9))
        conn.execute(s.work_tag.insert().values(tag_id=1, work_key=20, position=0))
        runs.set_meta(conn, "stored_files", "99")

    await db.run(spoil)
    report = await verify.run(db, root, quick=True, now=NOW)
    assert (report.tags_miscounted, report.sound) == (1, True)
    assert db.read_sync(lambda c: c.execute(select(s.tag.c.works)).scalar_one()) == 1
    assert db.read_sync(queue.counts).stored == 6


def give_up(conn, state):
    conn.execute(s.media.update().where(s.media.c.state == "wanted").values(state=state, error="404"))


@pytest.mark.parametrize("state", ["wanted", "gone", "failed", "damaged"])
async def test_a_file_that_was_lost_is_stored_again_when_it_lies_in_place_again(db, root, state):
    body = (root / NAMES[0]).read_bytes()
    (root / NAMES[0]).unlink()
    await verify.run(db, root, quick=True, now=NOW)
    await db.run(give_up, state)
    (root / NAMES[0]).write_bytes(body)
    report = await verify.run(db, root, quick=True, now=NOW)
    assert (report.back, report.checked, report.sound) == (1, 6, True)
    assert states(db)[NAMES[0]] == "stored"
    assert db.read_sync(queue.counts).stored == 6


async def test_other_bytes_in_the_place_of_a_lost_file_are_not_taken(db, root):
    body = (root / NAMES[0]).read_bytes()
    (root / NAMES[0]).unlink()
    await verify.run(db, root, quick=True, now=NOW)
    (root / NAMES[0]).write_bytes(bytes(len(body)))
    assert (await verify.run(db, root, quick=True, now=NOW)).back == 0
    assert states(db)[NAMES[0]] == "wanted"


async def test_verify_fails_until_what_it_found_is_back_or_accepted(db, root):
    (root / NAMES[0]).unlink()
    for _ in range(2):
        assert not (await verify.run(db, root, quick=True, now=NOW)).sound
    await db.run(give_up, "gone")
    report = await verify.run(db, root, quick=True, now=NOW)
    assert (report.sound, report.given_up, report.lost) == (False, 1, [NAMES[0]])
    assert await db.run(losses.accept, parse_ref("11"), NOW) == 0
    assert await db.run(losses.accept, parse_ref("10"), NOW) == 1
    assert (await verify.run(db, root, quick=True, now=NOW)).sound


async def test_an_accepted_file_that_comes_back_and_is_lost_again_must_be_accepted_again(db, root):
    body = (root / NAMES[0]).read_bytes()
    (root / NAMES[0]).unlink()
    await verify.run(db, root, quick=True, now=NOW)
    await db.run(losses.accept, parse_ref("10"), NOW)
    (root / NAMES[0]).write_bytes(body)
    assert (await verify.run(db, root, quick=True, now=NOW)).back == 1
    (root / NAMES[0]).unlink()
    for _ in range(2):
        assert not (await verify.run(db, root, quick=True, now=NOW)).sound


async def test_no_sidecar_is_written_on_a_disk_that_lost_everything(db, root):
    written = "UPDATE work SET user_id = 5, sidecar_seq = 1"
    await db.run(lambda c: c.exec_driver_sql(written))
    for name in NAMES:
        (root / name).unlink()
    report = await verify.run(db, root, quick=True, now=NOW)
    assert (bool(report.held), report.sidecars_missing) == (True, 6)
    assert await db.read(sidecars.due_sidecars, 9) == []


async def test_all_files_missing_at_once_is_not_believed_before_the_user_says_so(db, root):
    bodies = {name: (root / name).read_bytes() for name in NAMES}
    for name in NAMES:
        (root / name).unlink()
    report = await verify.run(db, root, quick=False, now=NOW)
    assert (report.missing, report.wanted_again, report.sound) == (6, 0, False)
    assert "verify --believe" in report.held
    assert set(states(db).values()) == {"stored"}
    report = await verify.run(db, root, quick=False, now=NOW, believe=True)
    assert (report.wanted_again, report.held) == (6, "")
    for name, body in bodies.items():
        (root / name).write_bytes(body)
    report = await verify.run(db, root, quick=False, now=NOW)
    assert (report.back, report.sound) == (6, True)


async def test_a_sidecar_that_changed_is_written_again_and_one_without_a_digest_gets_one(db, root):
    await db.run(lambda c: c.exec_driver_sql("UPDATE work SET user_id = 5, sidecar_seq = 1"))
    for work_id in range(10, 16):
        (root / f"5/{work_id}.json").write_text(f'{{"id": {work_id}}}')
    assert (await verify.run(db, root, quick=False, now=NOW)).sidecars_changed == 0
    (root / "5/12.json").write_text('{"id": 13}')
    (root / "5/13.json").unlink()
    report = await verify.run(db, root, quick=False, now=NOW)
    assert (report.sidecars_changed, report.sidecars_missing, report.sound) == (1, 1, True)
    assert [one.work_key >> 1 for one in await db.read(sidecars.due_sidecars, 9)] == [12, 13]
    assert (report.findings["rotten"], report.findings["missing"]) == (1, 1)


async def test_the_kinds_of_what_is_wrong_are_told_apart(db, root):
    harm(root)
    (root / NAMES[3]).unlink()
    os.mkfifo(root / NAMES[3])
    (root / NAMES[4]).write_bytes(bytes(999))
    report = await verify.run(db, root, quick=False, now=NOW)
    assert [b.kind for b in report.bad] == ["missing", "partial", "rotten", "wrong_kind", "rotten"]
    assert (report.wrong_kind, report.findings["rotten"]) == (1, 2)


async def test_a_row_that_rotted_fails_verify_until_it_is_taken_as_it_is(db, root):
    comment = (
        "INSERT INTO comment (comment_key, work_key, comment, first_seen, last_seen) VALUES (2, 20, 'a', 0, 0)"
    )
    await db.run(lambda c: c.exec_driver_sql(comment))
    assert (await verify.run(db, root, quick=False, now=NOW)).sound
    await db.run(lambda c: c.exec_driver_sql("UPDATE comment SET comment = 'b'"))
    report = await verify.run(db, root, quick=False, now=NOW)
    assert (report.sound, report.rows_changed, report.garbled) == (False, 1, ["comment 0-2"])
    assert [(one.subject, one.kind) for one in await db.read(findings.first)] == [("rows", "rotten")]
    assert (await verify.run(db, root, quick=False, now=NOW, believe=True)).sound
    assert await db.read(findings.first) == ()
