"""`import legacy`: what it says, what it leaves alone, and that it can be run again."""

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_work import daemon  # noqa: F401
from tests.dumped import comment, row


@pytest.fixture
def dumps(tmp_path: Path) -> Path:
    """A folder as somebody may have saved it."""
    folder = tmp_path / "dumps"
    (folder / "more").mkdir(parents=True)
    (folder / "illust.csv").write_text(row(1) + row(2) + '"3","7","jpg"\n' + row(4, c7="what is this"))
    (folder / "more" / "novel.csv.gz").write_bytes(gzip.compress(row(5, 8, novel=True).encode()))
    (folder / "illust_comments.php?illust_id=1.csv").write_text(comment(9, "well done") + comment(9, "again"))
    (folder / "empty.json").write_text("")
    (folder / "picture.jpg").write_bytes(b"\xff\xd8")
    return folder


def dump_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def test_a_report_names_what_came_in_and_the_lines_that_did_not(pixmirror, config, dumps):
    looked = pixmirror("import", "legacy", dumps, "--dry-run", "--json")
    assert not (config.parent / "mirror").exists()
    result = pixmirror("import", "legacy", dumps)
    assert (looked.exit_code, result.exit_code) == (7, 7), result.output
    for said in (
        "7 rows",
        "4 files",
        "works     4 new",
        "1 empty answer",
        "1 file in folders",
        "illust.csv:3: It is half",
    ):
        assert said in result.stdout
    assert "illust.csv:4: column_7 should be empty" in result.stdout
    assert "comments  2 kept" in result.stdout
    found = json.loads(looked.stdout)
    assert found["counted"] | {"works_new": 4, "comments_new": 2} == found["counted"]
    assert [(Path(t["file"]).name, t["line"]) for t in found["troubles"]] == [("illust.csv", 3)]
    assert (found["written"], found["rows"], found["unreadable"], found["doubtful"]) == (False, 7, 1, 1)
    assert "nothing" not in pixmirror("import", "legacy", dumps / "more", "--json").stderr


def test_importing_again_leaves_every_byte_as_it_was(pixmirror, config, dumps):
    pixmirror("import", "legacy", dumps)
    path = config.parent / "mirror" / "catalogue.db"
    before = dump_of(path)
    result = pixmirror("import", "legacy", dumps, "--json")
    counted = json.loads(result.stdout)["counted"]
    assert {name: n for name, n in counted.items() if n} == {"works_known": 4, "comments_known": 2}
    assert dump_of(path) == before
    assert pixmirror("reindex", "--check").exit_code == 0


def test_a_work_of_a_dump_is_shown_with_where_it_is_from(pixmirror, config, dumps):
    pixmirror("import", "legacy", dumps, "--as-of", "2014-09-29")
    shown = pixmirror("show", "1")
    assert "provenance: legacy" in shown.stdout
    assert "and 2 of old dumps" in shown.stdout
    found = json.loads(pixmirror("show", "1", "--json").stdout)
    assert (found["provenance"], found["state"], found["dumped_comments"]) == ("legacy", "unknown", 2)
    assert (found["files"], found["width"]) == ([], None)
    first = pixmirror("why", "1").stdout.splitlines()[0]
    assert first.endswith(": known only from an old dump; Pixiv was not asked.")
    told = pixmirror("why", "1", "--full")
    assert "Known only from an old dump, as of 2014-09-29" in told.stdout
    assert "No files are fetched" in told.stdout
    assert json.loads(pixmirror("why", "1", "--json").stdout)["provenance"] == "legacy"
    assert "legacy" in pixmirror("show", "1", "--history").stdout
    assert "Known only from an old dump" in pixmirror("why", "user:7", "--full").stdout
    assert "old 1" in pixmirror("search", "old").stdout
    rows = [json.loads(line) for line in pixmirror("export", "works").stdout.splitlines()]
    assert {r["provenance"] for r in rows} == {"legacy"}
    status = json.loads(pixmirror("status", "--json").stdout)
    assert (status["files"]["wanted"], status["chores"]) == (0, {})


def test_a_cut_archive_gives_what_it_holds(pixmirror, config, tmp_path):
    whole = gzip.compress("".join(row(n) for n in range(1, 2000)).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    result = pixmirror("import", "legacy", tmp_path / "cut.csv.gz", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["failed"]) == (7, 1)
    assert found["counted"]["works_new"] > 100
    assert "cut" in found["troubles"][0]["text"]


def test_a_file_that_unpacks_to_too_much_is_left_out_and_the_rest_goes_on(
    pixmirror, config, tmp_path, monkeypatch
):
    monkeypatch.setattr("pixmirror.sync.dumps.MOST_BYTES", 2 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\n" * (3 << 20)))
    (tmp_path / "good.csv").write_text(row(1))
    result = pixmirror("import", "legacy", tmp_path / "bomb.gz", tmp_path / "good.csv")
    assert result.exit_code == 7
    assert "more than 2 MiB" in result.stdout
    assert "works     1 new" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere.csv",), "There is no nowhere.csv"),
        ((".", "--as-of", "soon"), "is no date"),
        ((".", "--as-of", "2050-01-01"), "future"),
    ],
)
def test_a_wrong_command_changes_nothing(pixmirror, config, arguments, says):
    result = pixmirror("import", "legacy", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_running_pixmirror_is_not_written_beside(pixmirror, mirrored, dumps, daemon):  # noqa: F811
    assert pixmirror("import", "legacy", dumps).exit_code == 5
    assert pixmirror("import", "legacy", dumps, "--dry-run").exit_code == 7


def test_what_is_forgotten_is_left_out(pixmirror, mirrored, tmp_path):
    work = json.loads(pixmirror("export", "works").stdout.splitlines()[0])
    pixmirror("forget", str(work["id"]), "--yes")
    (tmp_path / "illust.csv").write_text(row(work["id"], work["user_id"]))
    result = pixmirror("import", "legacy", tmp_path / "illust.csv")
    assert "forgotten 1 left out" in result.stdout
