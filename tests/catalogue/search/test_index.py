"""The index holds what the catalogue says, by whatever way it came there, and after every cut."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search import grid as grid_rows
from pixmirror.catalogue.search import index as module
from pixmirror.catalogue.search import words
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.search.schema import AI, DOUBT, EDITED, GONE, HIDDEN, R18, making_path, search_path
from pixmirror.errors import CatalogueDamaged
from pixmirror.ingest.files import record_text
from pixmirror.ingest.forgetting import Target, forget, unforget
from pixmirror.ledger import moves
from pixmirror.ledger.moves import Move
from pixmirror.models import NovelText, Received
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, novel, seen, stub, tag, ugoira, user
from tests.catalogue.search.conftest import follow


def held(root: Path) -> dict[str, list[Any]]:
    """All that a search.db holds, down to the place of each token."""
    tables = {
        "grid": "SELECT * FROM grid ORDER BY 1",
        "months": "SELECT * FROM months ORDER BY 1, 2, 3",
        "artist": "SELECT * FROM artist ORDER BY 1",
        "name": "SELECT kind, owner, text, folded FROM name ORDER BY 1, 2, 3",
        "indexed": "SELECT * FROM indexed ORDER BY 1",
        "words": "SELECT doc, col, offset, term FROM words_vocab ORDER BY 1, 2, 3, 4",
    }
    with closing(sqlite3.connect(search_path(root))) as raw:
        raw.execute("CREATE VIRTUAL TABLE temp.words_vocab USING fts5vocab(main, words, instance)")
        return {name: raw.execute(sql).fetchall() for name, sql in tables.items()}


def made_anew(root: Path, guess: Callable[[str], str] | None = None) -> dict[str, list[Any]]:
    before = search_path(root).read_bytes()
    search_path(root).unlink()
    fresh = Index(root, guess)
    follow(fresh)
    found = held(root)
    fresh.close()
    assert before
    return found


def assert_same(followed: dict[str, list[Any]], anew: dict[str, list[Any]]) -> None:
    """Names of tags that no work has any more may stay."""
    assert set(followed.pop("name")) >= set(anew.pop("name"))
    assert followed == anew


def tokens_of(root: Path, key: int, column: str) -> list[str]:
    return [term for doc, col, _, term in held(root)["words"] if (doc, col) == (key, column)]


def grid(root: Path, key: int) -> dict[str, Any] | None:
    found = [grid_rows.Row(*row)._asdict() for row in held(root)["grid"] if row[0] == key]
    return found[0] if found else None


@pytest.fixture
def root(db: Database) -> Path:
    return db.path.parent


def test_what_is_followed_step_by_step_is_what_is_made_anew(db, root, index, came, rows):
    changes = [
        lambda: came(illust(1, tags=["夜", tag("空", "sky")]), novel(2), ugoira(3), stub(4)),
        lambda: came(illust(1, tags=["夜"], title="another"), illust(5, x_restrict=1, illust_ai_type=2)),
        lambda: came(illust(6, owner=user(8)), seen=seen(NOW + HOUR)),
        lambda: came(illust(6, owner=user(8, name="renamed", account="other")), seen=seen(NOW + 2 * HOUR)),
        lambda: came(illust(1, tags=[tag("夜", "night")], title="another"), seen=seen(NOW + 3 * HOUR)),
        lambda: came(illust(1, tags=[tag("夜", "evening")], title="another"), seen=seen(NOW + 2 * DAY)),
        lambda: db.run_sync(moves.move, "work", [Move(2, "deleted", "detail", ME)], NOW),
        lambda: db.run_sync(forget, Target("user", 8), NOW, 30),
        lambda: db.run_sync(forget, Target("work", 10), NOW, 30),
        lambda: db.run_sync(unforget, Target("work", 10), NOW),
        lambda: came(*(illust(n, tags=["夜"], create_date=f"202{n % 3}-01-01T00:00:00Z") for n in range(20, 40))),
    ]  # fmt: skip
    follow(index)
    for change in changes:
        change()
        follow(index)
    followed = held(root)
    index.close()
    assert_same(followed, made_anew(root))
    assert [row[0] for row in followed["grid"]] == sorted([2, 5, 6, 10, *range(40, 80, 2)])


def test_a_row_says_what_the_grid_needs(db, root, index, came):
    came(
        illust(1, x_restrict=2, illust_ai_type=2, width=400, height=100, create_date="2023-12-31T23:59:59+09:00"),
        illust(2, width=0, height=0, create_date="2024-01-01T00:00:00+09:00"),
        novel(3),
    )
    follow(index)
    row = grid(root, 2)
    assert row is not None
    assert (row["month"], row["ratio"], row["pixels"], row["type"], row["pages"]) == (202312, 220, 40_000, 0, 1)
    assert row["flags"] == R18 | 2 | AI
    assert (row["arrived"], row["arrived_month"], row["bookmarks"], row["user_id"]) == (NOW, 202311, 100, 7)
    second, third = grid(root, 4), grid(root, 7)
    assert second is not None
    assert third is not None
    assert (second["month"], second["ratio"]) == (202401, 100)
    assert (third["ratio"], third["type"]) == (71, 3)


def test_states_doubts_and_counters_reach_the_grid_though_no_change_is_counted(db, root, index, came):
    came(illust(1), illust(2), illust(3))
    follow(index)
    db.run_sync(moves.move, "work", [Move(2, "gone", "detail", ME), Move(4, "limited", "list", ME)], NOW)
    follow(index)
    flags = [row["flags"] for row in map(grid, [root] * 3, [2, 4, 6]) if row is not None]
    assert flags == [GONE, HIDDEN, 0]

    came(illust(3, total_bookmarks=777), seen=seen(NOW + HOUR))
    db.run_sync(lambda c: c.execute(text(f"INSERT INTO doubt VALUES ('work', 6, {ME}, 'gone', 'detail', 1, 2)")))
    follow(index)
    index.tidy()
    third = grid(root, 6)
    assert third is not None
    assert (third["flags"], third["bookmarks"]) == (DOUBT, 777)

    db.run_sync(moves.move, "work", [Move(2, "live", "list", ME)], NOW)
    db.run_sync(lambda c: c.execute(text("DELETE FROM doubt")))
    follow(index)
    index.tidy()
    assert [row["flags"] for row in map(grid, [root] * 3, [2, 4, 6]) if row is not None] == [0, HIDDEN, 0]


def test_counters_are_compared_a_few_works_at_a_time(db, root, index, came, monkeypatch):
    came(*(illust(n) for n in range(1, 8)))
    follow(index)
    came(*(illust(n, total_bookmarks=5) for n in range(1, 8)), seen=seen(NOW + HOUR))
    follow(index)
    monkeypatch.setattr(module, "COMPARED", 3)
    assert [index.tidy(), index.tidy(), index.tidy()] == [True, True, False]
    assert [row[9] for row in held(root)["grid"]] == [5] * 7


def test_a_replaced_file_and_a_second_text_count_as_edited(db, root, index, came):
    came(illust(1), novel(2))
    came(illust(1, date="2024/04/27/13/39/51"), seen=seen(NOW + HOUR))
    for number, body in enumerate(("[newpage]夜の話", "昼の話")):
        said = NovelText(id=2, text=body)
        db.run_sync(record_text, seen(NOW + number, endpoint="webview"), Received(said, {"id": 2, "text": body}))
        follow(index)
        assert ("夜の" in tokens_of(root, 5, "text")) is (number == 0)
    assert [row["flags"] for row in map(grid, [root] * 2, [2, 5]) if row is not None] == [EDITED, EDITED]


def test_every_name_of_an_artist_is_kept_also_when_it_is_made_anew(db, root, index, came):
    came(illust(1, owner=user(7, name="水木")))
    came(illust(1, owner=user(7, name="しげる", account="ge_ge")), seen=seen(NOW + 1))
    came(illust(1, owner=user(7, name="Mizuki", account="ge_ge")), seen=seen(NOW + 2))
    follow(index)
    expected = ["水木", "木", "|", "user", "7", "|", "しげ", "げる", "る", "|", "ge", "ge", "|", "mizuki"]
    assert tokens_of(root, 2, "artist") == expected


def test_what_was_forgotten_leaves_no_word_and_no_name(db, root, index, came):
    came(illust(1, title="秘密"), illust(2, owner=user(8, name="誰か"), title="ひみつ"), illust(3))
    follow(index)
    db.run_sync(forget, Target("work", 2), NOW, 0)
    db.run_sync(forget, Target("user", 8), NOW, 0)
    follow(index)
    found = held(root)
    assert {doc for doc, *_ in found["words"]} == {6}
    assert [row[0] for row in found["grid"]] == [6]
    assert sum(row[3] for row in found["months"] if row[0] == 0) == 1
    assert [row for row in found["name"] if row[1] == 8] == []


def test_a_tag_with_many_works_has_months_of_its_own(db, root, index, came, monkeypatch):
    monkeypatch.setattr(module, "MANY", 3)
    monkeypatch.setattr(grid_rows, "MANY", 3)
    follow(index)
    for n in range(1, 8):
        came(illust(n, tags=["夜"]))
        follow(index)
        index.tidy()
    came(illust(1, tags=["昼"]), seen=seen(NOW + 1))
    follow(index)
    months = held(root)["months"]
    assert [row[3] for row in months if row[0] == 1] == [6]
    index.close()
    assert made_anew(root)["months"] == months


@pytest.mark.parametrize("cut_at", range(0, 9, 2))
def test_a_cut_while_it_is_made_or_followed_costs_nothing(db, root, came, monkeypatch, cut_at):
    """Each step is one transaction: what a kill leaves is what the last whole one wrote."""
    monkeypatch.setattr(module, "AT_ONCE", 3)
    came(*(illust(n, tags=["夜", f"t{n}"]) for n in range(1, 8)))
    steps = 0
    while True:
        index = Index(root)
        if steps == cut_at:
            came(*(illust(n, tags=["夜"], title="edited") for n in range(3, 12)), seen=seen(NOW + 1))
        try:
            monkeypatch.setattr(words, "replace", _failing(words.replace, steps % 3 == 1))
            if not index.step() and steps > 9:
                break
        except RuntimeError:
            pass
        finally:
            monkeypatch.undo()
            monkeypatch.setattr(module, "AT_ONCE", 3)
            index.close()
        steps += 1
    monkeypatch.undo()
    assert_same(held(root), made_anew(root))


def _failing(replace, fails):
    def call(*args):
        replace(*args)
        if fails:
            raise RuntimeError("cut")

    return call


def test_a_file_that_was_removed_comes_back_while_it_is_open(db, root, index, came):
    came(illust(1))
    follow(index)
    search_path(root).unlink()
    came(illust(2), seen=seen(NOW + 1))
    follow(index)
    assert [row[0] for row in held(root)["grid"]] == [2, 4]


@pytest.mark.parametrize("how", ["format", "unicode", "guesser", "ahead", "no database"])
def test_a_file_that_is_not_of_this_program_and_catalogue_is_made_anew(db, root, index, came, how):
    came(illust(1))
    follow(index)
    index.close()
    if how == "no database":
        search_path(root).write_bytes(b"nothing" * 1000)
    else:
        with closing(sqlite3.connect(search_path(root))) as raw:
            raw.execute("DELETE FROM grid")
            key, value = ("seq", "999") if how == "ahead" else (how, "99")
            raw.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
            raw.commit()
    follow(index)
    assert [row[0] for row in held(root)["grid"]] == [2]


def test_what_guesses_otherwise_makes_a_new_one_while_the_old_one_answers_and_is_followed(db, root, came):
    def works_in(path: Path) -> list[int]:
        with closing(sqlite3.connect(path)) as raw:
            return [key for (key,) in raw.execute("SELECT work_key FROM grid ORDER BY 1")]

    came(*(illust(n) for n in range(1, 4)))
    old = Index(root)
    follow(old)
    old.close()
    new = Index(root, lambda text: "かな", "another")
    assert new.step()
    came(illust(4), seen=seen(NOW + 1))
    assert new.step()
    assert works_in(search_path(root)) == [2, 4, 6, 8]
    new.close()  # and goes on where it was
    assert making_path(root).exists()
    new = Index(root, lambda text: "かな", "another")
    follow(new)
    new.close()
    assert not list(root.glob("search.new.db*"))
    with closing(sqlite3.connect(search_path(root))) as raw:
        assert raw.execute("SELECT value FROM meta WHERE key = 'guesser'").fetchone() == ("another",)
    assert held(root) == made_anew(root, lambda text: "かな")


@pytest.mark.parametrize("is_whole", [False, True])
def test_cut_before_the_new_one_is_in_its_place_it_gets_there_the_next_time(db, root, came, is_whole):
    came(illust(1))
    old = Index(root)
    follow(old)
    old.close()
    new = Index(root, guesser="another")
    for _ in range(2 if is_whole else 1):
        assert new.step()
    new.close()
    search_path(root).unlink()
    came(illust(2), seen=seen(NOW + 1))
    new = Index(root, guesser="another")
    follow(new)
    new.close()
    assert not list(root.glob("search.new.db*"))
    assert held(root) == made_anew(root)


def test_a_new_one_that_was_begun_is_removed_where_the_old_one_serves_again(db, root, index, came):
    came(illust(1))
    follow(index)
    index.close()
    other = Index(root, guesser="another")
    assert other.step()
    other.close()
    assert making_path(root).exists()
    came(illust(2), seen=seen(NOW + 1))
    follow(index)
    assert not making_path(root).exists()
    assert len(held(root)["grid"]) == 2


def test_a_damaged_file_is_told_and_made_anew(db, root, index, came):
    came(illust(1))
    follow(index)
    index.close()
    with closing(sqlite3.connect(search_path(root))) as raw:
        raw.execute("UPDATE words_data SET block = x'00' WHERE id = 10")  # what its words lie in
        raw.commit()
    came(illust(2), seen=seen(NOW + 1))
    with pytest.raises(CatalogueDamaged):
        follow(index)
    follow(index)
    assert len(held(root)["grid"]) == 2


def test_a_large_mirror_hears_how_the_making_goes(db, root, index, came, monkeypatch, caplog):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(module, "TOLD", 10)
    came(*(illust(n) for n in range(1, 11)))
    with caplog.at_level(logging.INFO):
        follow(index)
    assert [record.getMessage() for record in caplog.records] == [
        "Making the search index of 10 works.",
        *(f"Making the search index: {n} %." for n in (20, 40, 60, 80)),
        "The search index is ready.",
    ]


def test_ids_of_tags_that_are_given_anew_have_it_made_anew(db, root, index, came):
    came(illust(1, tags=["夜"]))
    follow(index)
    index.close()  # as `reindex` runs alone
    db.run_sync(lambda c: c.execute(text("UPDATE tag SET name = '朝'")))
    came(illust(2, tags=["朝"]), seen=seen(NOW + 1))
    follow(index)
    assert "朝" in tokens_of(root, 2, "tags")
    assert "夜" not in tokens_of(root, 2, "tags")


def test_the_catalogue_is_left_alone(db, root, index, came):
    came(illust(1))
    before = db.read_sync(runs.get_meta, "change_seq")
    follow(index)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        index._connection().execute("UPDATE catalogue.work SET title = 'x'")
    assert db.read_sync(runs.get_meta, "change_seq") == before


@pytest.mark.parametrize("where", ["before", "after"])
def test_killed_at_any_commit_it_goes_on_where_it_was(db, root, came, where):
    came(*(illust(n, tags=["夜", f"t{n}"]) for n in range(1, 12)))
    command = [sys.executable, str(Path(__file__).parents[2] / "index_child.py"), str(root), where]
    for count in (1, 2, 3, 2):
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        killed = subprocess.run([*command, str(count)], check=False, env=env)
        assert killed.returncode == -signal.SIGKILL
        came(illust(count, title=f"edited {count}", tags=["夜"]), seen=seen(NOW + count))
    index = Index(root)
    follow(index)
    index.close()
    followed = held(root)
    assert_same(followed, made_anew(root))
