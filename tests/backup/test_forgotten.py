"""What is forgotten comes into no new run, and leaves all runs when it cannot be had back any more."""

import asyncio

from pixmirror.backup import checking, restoring
from pixmirror.fetch import trash
from pixmirror.ingest.forgetting import Target
from pixmirror.store import MirrorRoot
from tests.backup.conftest import Made, tree

DAY_MS = 86_400_000


def forget(made: Made, target: Target, days: int = 30) -> None:
    with MirrorRoot.open(made.root) as root, made.db() as db:
        asyncio.run(trash.forget(db, root, target, made.now, days))


def purge(made: Made) -> None:
    with MirrorRoot.open(made.root) as root, made.db() as db:
        for _ in range(32):  # the trash believes a clock for a day at a time
            asyncio.run(trash.purge(db, root, made.now))


def of_work(files: dict[str, bytes], number: int) -> set[str]:
    return {rel for rel in files if rel.startswith((f"7/{number}_", f"7/{number}."))}


def test_a_forgotten_work_leaves_all_runs_once_its_trash_is_emptied(made: Made) -> None:
    made.backup()
    made.backup()
    forget(made, Target("work", 2 << 1))
    report = made.backup()
    assert (report.files, report.forgotten) == (6, 0)
    assert len(of_work(tree(made.to / "media"), 2)) == 3  # it can still be had back
    made.now += 31 * DAY_MS
    purge(made)
    report = made.backup()
    assert report.forgotten == 3
    assert not of_work(tree(made.to / "media"), 2)
    found = checking.check(made.to)
    assert (found.sound, found.runs, found.unnamed) == (True, 4, 0)
    assert made.backup().forgotten == 0
    oldest = min(path.name for path in (made.to / "runs").iterdir())
    restored = restoring.restore(made.to, made.folder / "again", run=oldest)
    assert (restored.files, restored.lacking) == (6, 0)


def test_a_page_that_is_forgotten_for_good_leaves_all_runs(made: Made) -> None:
    made.backup()
    forget(made, Target("page", 1 << 1, 1), days=0)
    report = made.backup()
    assert report.forgotten == 1
    assert of_work(tree(made.to / "media"), 1) == {"7/1_p0.png", "7/1.json"}
    assert checking.check(made.to).sound


def test_a_user_who_is_forgotten_leaves_all_runs_with_every_version_of_the_sidecars(made: Made) -> None:
    made.backup()
    (made.media / "7/1.json").unlink()
    (made.media / "7/1.json").write_bytes(b"another")
    made.write(lambda c: c.exec_driver_sql("UPDATE work SET sidecar_seq = sidecar_seq + 1000"))
    made.backup()
    assert tree(made.to / "old")
    forget(made, Target("user", 7), days=0)
    made.backup()
    assert not tree(made.to / "media")
    assert not tree(made.to / "old")
    assert checking.check(made.to).sound
