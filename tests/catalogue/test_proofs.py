"""When files were last proved to be as they were stored."""

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue import proofs, queue
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.sql import changed
from pixmirror.ingest.works import record_works
from tests.catalogue.builders import DAY, NOW, illust, seen, works


@pytest.mark.parametrize("many", [2, 10_000])
def test_files_without_a_proof_are_counted_alike_whether_they_are_few_or_many(
    db: Database, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(proofs, "MANY", many)
    db.run_sync(record_works, seen(NOW), works(*(illust(n) for n in range(1, 6))), {})

    def stored(conn: Connection) -> int:
        changed(conn, "UPDATE media SET state = 'stored', size = 1, stored_at = :at", at=NOW - 100 * DAY)
        changed(conn, "UPDATE media SET verified_at = :at WHERE owner_id <= 4", at=NOW)
        return queue.recount(conn)[0]

    assert db.run_sync(stored) == 5
    assert db.read_sync(proofs.overdue, NOW - 90 * DAY, 5) == 3
    assert db.read_sync(proofs.overdue, NOW - 101 * DAY, 5) == 0
    assert db.read_sync(proofs.overdue, NOW + 1, 5) == 5
