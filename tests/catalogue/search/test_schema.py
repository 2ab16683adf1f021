"""search.db can be attached under any name, also an empty one in memory, and tells whether it is of our format."""

import sqlite3
from contextlib import closing

import pytest

from pixmirror.catalogue.search import schema


def test_all_tables_can_be_asked_through_a_schema_of_any_name():
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.execute("ATTACH ':memory:' AS search")
        schema.create(raw, "search")
        raw.execute("INSERT INTO search.words (rowid, title, tags) VALUES (24, 'c++ r-18 夜空 空', 't7')")
        for term in ('"c++"', '"r-18"', '"空"*', '"夜空"', "tags : t7", "{title guess} : ca* OR c*"):
            found = raw.execute("SELECT rowid FROM search.words WHERE words MATCH ?", (term,)).fetchall()
            assert found == [(24,)], term
        for table in ("meta", "indexed", "grid", "months", "name"):
            assert raw.execute(f"SELECT count(*) FROM search.{table}").fetchone() == (0,)


@pytest.mark.parametrize(
    ("what", "usable"), [("ours", True), ("another format", False), ("no database", False), ("missing", False)]
)
def test_only_a_file_of_our_format_is_usable(tmp_path, what, usable):
    path = schema.search_path(tmp_path)
    if what == "no database":
        path.write_bytes(b"x" * 5000)
    elif what != "missing":
        with closing(sqlite3.connect(path)) as raw:
            schema.create(raw)
            number = schema.FORMAT if what == "ours" else schema.FORMAT + 1
            raw.execute("INSERT INTO meta VALUES ('format', ?)", (str(number),))
            raw.commit()
    assert schema.is_usable(path) is usable
