"""The views: what was forgotten is in none, dates are for people, what is asked by a key is looked up."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, LargeBinary

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.schema import metadata
from pixmirror.catalogue.shelves import SHELVES
from pixmirror.reports import datasette
from tests.catalogue.builders import ME, NOW

PICTURE, NOVEL = 2, 5  # of 7 and of 8
NOT_OF_WORKS = {"users", "tags", "translations", "follows", "runs", "forgotten"}


@pytest.fixture
def raw(catalogue_path: Path) -> Iterator[sqlite3.Connection]:
    """One row of each kind that hangs on a work or a user, of two works and their artists."""
    with closing(sqlite3.connect(catalogue_path)) as raw:
        put(raw, "account", id=ME)
        put(raw, "tag", id=1, name="夜", works=2)
        put(raw, "translation_seen", name="夜", language="en", text="night")
        put(raw, "run", outcome="done")
        for key, user_id, medium in ((PICTURE, 7, "illust"), (NOVEL, 8, "novel")):
            fill(raw, key, user_id, medium)
        yield raw


def put(raw: sqlite3.Connection, table: str, **given: Any) -> None:
    row = {
        c.name: NOW if isinstance(c.type, Integer) else b"" if isinstance(c.type, LargeBinary) else ""
        for c in metadata.tables[table].columns
        if not c.nullable and c.server_default is None and c.name != "id"
    } | given
    names, values = ('"{}"'.format('", "'.join(row)), ":" + ", :".join(row))
    raw.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", row)


def fill(raw: sqlite3.Connection, key: int, user_id: int, medium: str) -> None:
    work = {"work_key": key}
    put(raw, "user", id=user_id, name=f"artist {user_id}")
    put(raw, "work", **work, medium=medium, title=f"title {key}", user_id=user_id, create_date=NOW, state_at=NOW)
    put(raw, "work_tag", **work, tag_id=1, position=0)
    put(raw, "ugoira", **work, frames='[["000000.jpg",80]]')
    put(
        raw, "media", owner_kind="work", owner_id=key, role="page", idx=0, version="20230427133951", state="stored"
    )
    put(raw, "comment", **work, comment_key=key, user_id=user_id, date=NOW)
    put(raw, "bookmark", **work, account_id=ME)
    put(raw, "bookmark_work_tag", **work, account_id=ME, name="mine")
    put(raw, "follow", account_id=ME, user_id=user_id)
    place = {"account_id": ME, "medium": medium, "mode": "day", "date": "2026-11-20", "snapshot": 1}
    put(raw, "ranking", **place, **work, rank=1)
    put(raw, "ranking_day", **place, state="complete")
    put(raw, "payload", owner_kind="work", owner_id=key, endpoint="list")
    put(raw, "text_version", **work)
    for kind, owner in (("work", key), ("user", user_id), ("comment", key)):
        put(raw, "state_change", owner_kind=kind, owner_id=owner, state="gone", account_id=ME)
    put(raw, "drift", kind="bookmark", item=key, event="removed", account_id=ME)
    put(raw, "drift", kind="follow", item=user_id, event="removed", account_id=ME)
    put(raw, "stat", **work)
    put(raw, "work_job", **work, job="following")


def views(raw: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of each."""
    names = [name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
    return {name: [row[1] for row in raw.execute(f"PRAGMA table_info({name})")] for name in names}


def shown(raw: sqlite3.Connection, column: str) -> dict[str, set[Any]]:
    """What stands in this column, by view."""
    having = [name for name, columns in views(raw).items() if column in columns]
    return {name: {value for (value,) in raw.execute(f"SELECT {column} FROM {name}")} for name in having}


def test_each_view_shows_each_work_and_user(raw: sqlite3.Connection) -> None:
    keys = shown(raw, "work_key")
    assert set(keys) == set(views(raw)) - NOT_OF_WORKS
    assert keys.pop("works") == {PICTURE}
    assert keys.pop("novels") == {NOVEL}
    assert keys.pop("events") == {PICTURE, NOVEL, None}
    assert all(found == {PICTURE, NOVEL} for found in keys.values())
    assert shown(raw, "user_id")["events"] == {7, 8}
    assert raw.execute("SELECT count(*) FROM events").fetchone() == (10,)


def test_a_forgotten_work_is_in_no_view_but_forgotten(raw: sqlite3.Connection) -> None:
    put(raw, "tombstone", owner_kind="work", owner_id=PICTURE)
    assert not any(PICTURE in found for found in shown(raw, "work_key").values())
    assert not any("title 2" in found for found in shown(raw, "title").values())
    assert shown(raw, "work_key")["files"] == {NOVEL}
    assert 7 in shown(raw, "id")["users"]
    assert raw.execute("SELECT kind, medium, id FROM forgotten").fetchall() == [("work", "illust", 1)]


def test_of_a_forgotten_user_no_view_shows_works_or_what_they_wrote(raw: sqlite3.Connection) -> None:
    put(raw, "comment", work_key=PICTURE, comment_key=90, user_id=8, comment="nice")
    put(raw, "state_change", owner_kind="comment", owner_id=90, state="deleted")
    put(raw, "tombstone", owner_kind="user", owner_id=8)
    assert not any(NOVEL in found for found in shown(raw, "work_key").values())
    assert not any(8 in found for found in shown(raw, "user_id").values())
    assert shown(raw, "id")["users"] == {7}
    assert shown(raw, "user_id")["comments"] == {7}
    assert raw.execute("SELECT kind, medium, id FROM forgotten").fetchall() == [("user", None, 8)]


@pytest.mark.parametrize("forgotten", [[("work", PICTURE)], [("user", 7)], [("work", PICTURE), ("user", 7)]])
def test_no_user_and_no_tag_counts_what_was_forgotten(raw: sqlite3.Connection, forgotten: list[Any]) -> None:
    assert raw.execute("SELECT works FROM tags").fetchall() == [(2,)]
    for kind, owner in forgotten:
        put(raw, "tombstone", owner_kind=kind, owner_id=owner)
    assert raw.execute("SELECT works FROM tags").fetchall() == [(1,)]
    assert dict(raw.execute("SELECT id, works FROM users")).get(7, 0) == 0
    assert dict(raw.execute("SELECT id, works FROM users"))[8] == 1


def test_a_forgotten_page_is_no_file(raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE media SET state = 'forgotten' WHERE owner_id = ?", (PICTURE,))
    assert shown(raw, "work_key")["files"] == {NOVEL}
    assert raw.execute("SELECT count(*) FROM versions WHERE kind = 'file'").fetchone() == (1,)


def test_times_are_text_in_utc(raw: sqlite3.Connection) -> None:
    times = re.compile(r"(?:^|_)(?:at|seen|date)$")
    for name, columns in views(raw).items():
        for column in columns:
            if times.search(column) and (name, column) not in {("rankings", "date"), ("runs", "seen")}:
                for value in shown(raw, column)[name]:
                    assert value is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value), (name, column)
    assert raw.execute("SELECT create_date FROM works").fetchone() == ("2023-11-14T22:13:20Z",)
    assert raw.execute("SELECT DISTINCT uploaded_at FROM files").fetchall() == [("2023-04-27T04:39:51Z",)]


def test_ids_compare_with_text_as_datasette_asks(raw: sqlite3.Connection) -> None:
    assert raw.execute("SELECT title, url FROM works WHERE id = ?", ("1",)).fetchall() == [
        ("title 2", "https://www.pixiv.net/artworks/1")
    ]
    assert raw.execute("SELECT title, url FROM novels WHERE id = ?", ("2",)).fetchall() == [
        ("title 5", "https://www.pixiv.net/novel/show.php?id=2")
    ]


# A table from end to end, or all of its rows of one kind or account; JSON, or what was found, is no table.
FULL = re.compile(
    r"SCAN \w+(?! VIRTUAL)\b"
    r"|SEARCH .* (?:sqlite_autoindex_media_1|payload_by_owner) \(owner_kind=\?\)$"
    r"|SEARCH r USING PRIMARY KEY \(account_id=\?\)$"
)


def full_reads(raw: sqlite3.Connection, sql: str, **bound: Any) -> list[str]:
    plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", bound)]
    return [step for step in plan if FULL.match(step)]


BY_KEY = ("work_key", "work_id", "user_id", "tag", "series_key")


@pytest.mark.parametrize("key", BY_KEY)
def test_what_is_asked_by_a_key_is_looked_up(raw: sqlite3.Connection, key: str) -> None:
    for name, columns in views(raw).items():
        if key in columns:
            found = full_reads(raw, f"SELECT * FROM {name} WHERE {key} = :key", key=1)
            # What is found in all parts of a union, and the few tags of what was forgotten, are no tables.
            assert set(found) <= {f"SCAN {name}", "SCAN f LEFT-JOIN"}, name


@pytest.mark.parametrize("view", ["works", "novels"])
def test_a_work_is_found_by_its_id_alone(raw: sqlite3.Connection, view: str) -> None:
    assert full_reads(raw, f"SELECT * FROM {view} WHERE id = :id", id=1) == []
    told = raw.execute("SELECT sql FROM sqlite_schema WHERE name = 'works'").fetchone()[0]
    assert "all works are read" not in told


def test_the_questions_that_ask_for_one_thing_look_it_up(raw: sqlite3.Connection) -> None:
    asked = {
        question: sql for question, sql in datasette.questions().items() if ":" in sql.replace("%H:%M:%S", "")
    }
    assert len(datasette.questions()) == 20
    assert len(asked) == 13
    for question, sql in asked.items():
        assert full_reads(raw, sql, **dict.fromkeys(re.findall(r":(\w+)", sql), 1)) == [], question


def test_the_newest_works_of_all_are_found_without_sorting(raw: sqlite3.Connection) -> None:
    plan = [
        row[3] for row in raw.execute("EXPLAIN QUERY PLAN SELECT id FROM works ORDER BY work_key DESC LIMIT 9")
    ]
    assert not any("ORDER BY" in step for step in plan)


def test_each_says_in_its_own_text_what_a_row_and_a_column_is(db: Database, raw: sqlite3.Connection) -> None:
    told = db.read_sync(datasette.metadata)["databases"]["catalogue"]["tables"]
    for name, columns in views(raw).items():
        assert told[name]["description"].endswith("."), name
        assert set(told[name]["columns"]) <= set(columns), name
    assert "work_key is id * 2" in told["works"]["description"]
    assert set(told) == set(views(raw)) | set(metadata.tables) | {"alembic_version"}
    assert all(told[name] == {"hidden": True} for name in metadata.tables)


def test_the_page_of_sql_names_each_view_and_table(raw: sqlite3.Connection) -> None:
    page = (files("pixmirror") / "docs" / "sql.md").read_text("utf-8")
    assert [name for name in (*views(raw), *metadata.tables) if f"`{name}`" not in page] == []


def test_no_table_beside_the_catalogue_is_hidden_behind_a_view(raw: sqlite3.Connection) -> None:
    for shelf in SHELVES:
        with closing(sqlite3.connect(":memory:")) as other:
            raw_name = f"ATTACH ':memory:' AS {shelf.name}"
            other.execute(raw_name)
            shelf.create(other)
            names = {
                n for s in ("main", shelf.name) for (n,) in other.execute(f"SELECT name FROM {s}.sqlite_schema")
            }
            assert names
            assert not names & set(views(raw))
