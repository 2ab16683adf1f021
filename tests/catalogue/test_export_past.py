"""What was seen over time leaves whole: every answer as it came, and of all works what `show` tells of one."""

import json
from typing import Any

import pytest

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.refs import Ref
from pixmirror.ingest import forgetting, stats
from pixmirror.ingest.files import record_text
from pixmirror.ingest.forgetting import Target
from pixmirror.ingest.works import record_works
from pixmirror.models import work_key
from pixmirror.reports import export_lines as module
from pixmirror.reports import history
from pixmirror.reports.export import export, export_lines, work_of
from tests.catalogue.builders import HOUR, NOW, illust, novel, seen, stub, ugoira, user, works
from tests.catalogue.test_history import text_of_novel

HALF = "\ud83d half"
FIRST = (illust(1, total_view=100), illust(2, title=HALF), ugoira(3), novel(1), stub(4))
THEN = (illust(1, title="new", owner=user(7, name="other"), total_view=5000), novel(1, user=user(7, name="other")))
TEXTS = ("あ\n[newpage]\nb", "second")


@pytest.fixture
def full(db: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(module, "PART", 2)
    db.run_sync(record_works, seen(), works(*FIRST), {})
    db.run_sync(record_works, seen(NOW + HOUR), works(*THEN), {})
    for number, text in enumerate(TEXTS):
        db.run_sync(record_text, seen(NOW + number, endpoint="webview"), text_of_novel(text))
    return db


def exported(db: Database, kind: str) -> list[dict[str, Any]]:
    return db.read_sync(lambda conn: list(export(conn, kind)))


@pytest.mark.parametrize("kind", ["files", "counters", "versions", "texts"])
def test_all_kinds_are_written_alike(full: Database, kind: str):
    lines = full.read_sync(lambda conn: list(export_lines(conn, kind)))
    assert lines
    assert [json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) for line in lines] == [
        line.replace("\\ud83d", "\ud83d") for line in lines
    ]


def test_payloads_are_what_pixiv_said(full: Database):
    of_works = [row for row in exported(full, "payloads") if row["about"] == "work"]
    said = [row["answer"] for row in of_works if row["endpoint"] == "list"]
    for raw in (*FIRST[:4], THEN[0]):
        assert json.loads(json.dumps(raw)) in said
    texts = [row["answer"] for row in of_works if row["endpoint"] == "webview"]
    assert texts == [dict(text_of_novel(text).raw) for text in TEXTS]
    assert [(row["medium"], row["id"]) for row in of_works if row["endpoint"] == "stub"] == [("illust", 4)]


def test_half_a_surrogate_leaves_as_an_escape(full: Database):
    lines = full.read_sync(lambda conn: list(export_lines(conn, "payloads")))
    assert any(r"\ud83d half" in line for line in lines)
    assert all(line.encode() and "\n" not in line for line in lines)


def test_a_garbled_answer_and_a_garbled_text_are_null_and_stop_nothing(full: Database):
    full.run_sync(
        lambda c: c.exec_driver_sql("UPDATE payload SET body = x'00', codec = 1, base = NULL WHERE id = 1")
    )
    full.run_sync(lambda c: c.exec_driver_sql("UPDATE text_version SET body = x'00' WHERE id = 2"))
    assert [row["answer"] is None for row in exported(full, "payloads")].count(True) == 1
    assert [row["text"] for row in exported(full, "texts")] == [TEXTS[0], None]
    assert exported(full, "novels")[0]["text"] is None
    assert exported(full, "versions")


def test_versions_are_those_of_each_history(full: Database):
    found = exported(full, "versions")
    for ref in (Ref("illust", 1), Ref("illust", 2), Ref("novel", 1), Ref("user", 7)):
        told = full.read_sync(history.history, ref)
        assert told is not None
        of_ref = ("user", None) if ref.kind == "user" else ("work", ref.kind)
        mine = [row for row in found if (row["about"], row["medium"], row["id"]) == (*of_ref, ref.id)]
        assert [row["number"] for row in mine] == list(range(1, len(told.versions) + 1))
        expected = [json.loads(json.dumps(version)) for version in told.as_dict()["versions"]]
        assert [{key: row[key] for key in one} for row, one in zip(mine, expected, strict=True)] == expected
    names = [c["after"] for row in found if row["about"] == "user" for c in row["changes"] if c["field"] == "name"]
    assert names[-1] == "other"


def test_counters_begin_with_the_first_values(full: Database):
    found = exported(full, "counters")
    for key in (2, 6, 3):
        points = full.read_sync(stats.series, key)
        mine = [row for row in found if work_key(row["medium"], row["id"]) == key]
        assert [row["total_view"] for row in mine] == [point.total_view for point in points]
    assert [row["total_view"] for row in found if row["id"] == 1 and row["medium"] == "illust"] == [100, 5000]


def test_a_forgotten_user_is_in_no_answer(full: Database):
    full.run_sync(forgetting.forget, Target("user", 7), NOW, 30)
    lines = full.read_sync(lambda conn: list(export_lines(conn, "payloads")))
    assert lines
    assert not any("other" in line for line in lines)
    assert [(row["about"], row["id"]) for row in exported(full, "forgotten")] == [("user", 7)]


def test_one_work_is_told_as_among_all(full: Database):
    for row in (*exported(full, "works"), *exported(full, "novels")):
        assert full.read_sync(work_of, work_key(row["medium"], row["id"])) == row
    assert full.read_sync(work_of, 998) is None
