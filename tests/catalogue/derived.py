"""What is derived, as a dump that two catalogues can be compared by, and ways to spoil it."""

from typing import Any

from sqlalchemy import Connection

from pixmirror.ingest import merging

# What nothing primary tells is left out; tags go by their names.
DERIVED = {
    "work": f"SELECT work_key, medium, {', '.join((*merging.CONTENT, *merging.COUNTERS))}, state, state_at,"
    " evidence, first_seen, detail_at IS NULL FROM work ORDER BY work_key",
    "user": "SELECT id, name, account, comment, avatar_url, background_url, state, state_at, evidence, first_seen"
    " FROM user ORDER BY id",
    "tag": "SELECT name, works FROM tag ORDER BY name",
    "work_tag": "SELECT work_key, position, name FROM work_tag JOIN tag ON tag.id = tag_id ORDER BY 1, 2",
    "tag_translation": "SELECT name, language, text FROM tag_translation JOIN tag ON id = tag_id ORDER BY 1, 2",
    "series": "SELECT series_key, user_id, title, first_seen FROM series ORDER BY 1",
}
PRIMARY = (
    "payload", "sighting", "state_change", "doubt", "stat", "media", "text_version", "ugoira", "work_job", "chore",
    "bookmark", "follow", "comment", "ranking", "feed", "gap", "drift", "tombstone", "web_listed",
)  # fmt: skip


def derived(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in conn.exec_driver_sql(statement)] for name, statement in DERIVED.items()}


def primary(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: sorted((tuple(row) for row in conn.exec_driver_sql(f"SELECT * FROM {name}")), key=repr)
        for name in PRIMARY
    }


def last_seen(conn: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in conn.exec_driver_sql("SELECT work_key, last_seen FROM work ORDER BY 1")]


def without_foreign_keys(path: Any, *statements: str) -> None:
    """As a hand, a bad disk or a bug would do it: SQLite's own checks are off."""
    import sqlite3

    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            raw.execute(statement)
    raw.close()


DELETE_ALL = tuple(f"DELETE FROM {name}" for name in reversed(DERIVED))
GARBLE_ALL = (
    "UPDATE work SET title = 'x' || title, caption = '', page_count = 77, x_restrict = 2, user_id = 1, type = 'z',"
    " state = 'live', state_at = 5, evidence = 'none', create_date = NULL, total_view = -1, first_seen = 3,"
    " last_seen = 4, series_key = 11, width = 1, is_original = 1, medium = 'illust'",
    "UPDATE user SET name = 'nobody', account = '', avatar_url = 'http://x', comment = 'y', background_url = 'z',"
    " state = 'user_gone', evidence = 'none', first_seen = first_seen + 1000",
    "UPDATE tag SET works = works + 3",
    "UPDATE tag_translation SET text = 'wrong'",
    "UPDATE work_tag SET position = 9 - position",
    "DELETE FROM work_tag WHERE work_key % 3 = 0",
    "UPDATE series SET title = 'wrong', user_id = NULL, first_seen = 0",
)
