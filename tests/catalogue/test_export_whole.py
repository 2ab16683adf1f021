"""Nothing is left out: each column of each table is exported under a key, or there is a reason why it is not."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, Text, create_engine

from pixmirror.catalogue import schema
from pixmirror.catalogue.gallery import schema as gallery
from pixmirror.catalogue.payloads import canonical, pack_text
from pixmirror.catalogue.words import iso, pixiv_time
from pixmirror.reports.export import KINDS, export

WORK, AT = 20, 1_700_000_000_000
ROWID = "a number of this file alone; what it joins is told together"
OWN_ORDER = "told by the order of the list"

# Of each table: the kind that has it, and the keys of the columns that are called otherwise there.
EXPORTED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "account": ("accounts", {}),
    "user": ("users", {}),
    "series": ("series", {"series_key": "id"}),
    "work": ("works", {"work_key": "id", "ai_type": "illust_ai_type", "series_key": "series_id"}),
    "tag": ("tags", {}),
    "tag_translation": ("tags", {"language": "translations", "text": "translations"}),
    "translation_seen": ("translations", {}),
    "tag_reading": ("readings", {}),
    "work_tag": ("works", {"work_key": "id"}),
    "ugoira": ("works", {"work_key": "id", "seen_at": "frames_at"}),
    "text_version": ("texts", {"work_key": "id", "digest": "sha256", "body": "text"}),
    "media": ("files", {"owner_id": "id", "idx": "page", "url": "listed_url"}),
    "chore": ("questions", {"key": "id"}),
    "work_job": ("work_jobs", {"work_key": "id"}),
    "bookmark": ("bookmarks", {"work_key": "id"}),
    "bookmark_tag": ("bookmark_tags", {}),
    "bookmark_work_tag": ("bookmarks", {"work_key": "id", "name": "tags", "last_seen": "tags_seen"}),
    "follow": ("follows", {}),
    "ranking": ("ranking_days", {"work_key": "works", "rank": "works"}),
    "ranking_day": ("ranking_days", {}),
    "comment": ("comments", {"comment_key": "id", "work_key": "work_id", "parent_key": "parent_comment_id"}),
    "payload": ("payloads", {"owner_kind": "about", "owner_id": "id", "body": "answer"}),
    "sighting": ("sightings", {"owner_kind": "about", "owner_id": "id"}),
    "state_change": ("states", {"owner_kind": "about", "owner_id": "id"}),
    "doubt": ("doubts", {"owner_kind": "about", "owner_id": "id"}),
    "stat": ("counters", {"work_key": "id"}),
    "drift": ("drift", {"kind": "about", "item": "id"}),
    "web_listed": ("web_listed", {"work_key": "id"}),
    "tombstone": ("forgotten", {"owner_kind": "about", "owner_id": "id", "idx": "page"}),
    "feed": ("lists", {}),
    "feed_job": ("lists", {"job": "jobs", "joined_at": "jobs"}),
    "gap": ("lists", dict.fromkeys(("kind", "spec", "failures", "due_at", "error", "opened_at"), "gaps")),
    "run": ("runs", {}),
    "job": ("jobs", {}),
    "spent": ("spent", {}),
    "broken": ("broken", {"work_key": "id"}),
    "place": ("places", {"work_key": "id"}),
    "history": ("history", {"work_key": "id"}),
    "seen": ("seen", {"work_key": "id"}),
    "rating": ("ratings", {"work_key": "id"}),
    "collection": ("collections", {}),
    "collection_work": ("collections", {"work_key": "works", "added_at": "works"}),
    "alias": ("aliases", {}),
    "saved_search": ("searches", {}),
    "setting": ("settings", {}),
}
NOT_EXPORTED = {
    "meta": "the mirror's own counters and times: a new one counts anew",
    "session": "lets a browser of today in; no mirror but this one",
    "work.change_seq": "of what search and sidecars have followed here",
    "work.sidecar_seq": "of what search and sidecars have followed here",
    "work.sidecar_digest": "of the sidecar that lies here",
    "finding": "what is not whole on this disk; another mirror looks for itself",
    "row_block": "digests of rows, by which this mirror sees rot",
    "media.owner_kind": "all files are of works",
    "media.priority": "the lane that it waits in, from why it is wanted",
    "media.volume": "there is one",
    "tag_translation.seen_at": "last_seen of the one that is_current",
    "work_tag.position": OWN_ORDER,
    "collection_work.position": OWN_ORDER,
    "payload.digest": "made of the answer",
    "broken.digest": "made of the answer",
    "payload.codec": "how the answer is packed here",
    "payload.base": "how the answer is packed here",
    **dict.fromkeys(
        (
            "tag.id", "tag_translation.tag_id", "tag_reading.id", "work_tag.tag_id", "text_version.id", "media.id",
            "payload.id", "sighting.id", "state_change.id", "drift.id", "feed.id", "feed_job.feed_id", "gap.id",
            "gap.feed_id", "run.id", "broken.id", "history.id", "collection.id", "collection_work.collection_id",
            "alias.id", "saved_search.id",
        ),
        ROWID,
    ),
}  # fmt: skip
# What rows share so that they are of one thing, or what their tables check.
SHARED: Mapping[str, Any] = {
    "medium": "illust", "type": "ugoira", "owner_kind": "work", "owner_id": WORK, "work_key": WORK, "item": WORK,
    "account_id": 1, "tag_id": 1, "feed_id": 1, "collection_id": 1, "mode": "day", "date": "2026-11-01",
    "snapshot": 3, "is_current": 1, "stars": 4, "frames": '[["000000.jpg", 50]]', "params": '{"user_id":11}',
    "tag.id": 1, "tag.name": "猫", "translation_seen.name": "猫", "feed.id": 1, "account.id": 1,
    "comment.date": AT, "work.create_date": AT,
    "chore.kind": "detail", "chore.key": WORK, "drift.kind": "bookmark", "payload.endpoint": "list",
    "payload.codec": 1, "payload.base": None, "payload.body": pack_text(canonical({"id": 10, "title": "said"})),
    "text_version.body": zlib.compress(b"text"), "collection.id": 1, "session.digest": "0" * 64,
    "session.kind": "key", "tombstone.owner_kind": "page", "ranking_day.state": "complete",
}  # fmt: skip


def value_of(column: Column[Any], number: int) -> Any:
    """A value that no other column has."""
    for name in (str(column), column.name):
        if name in SHARED:
            return SHARED[name]
    if isinstance(column.type, LargeBinary):
        return b"%d" % number
    if isinstance(column.type, Text):
        return f"{column} is told"
    if column.name.startswith(("is_", "has_", "captions_")):
        return 1
    return (
        AT + number * 1000 if column.name.endswith(("at", "seen", "since", "until", "started")) else 1000 + number
    )


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[tuple[Connection, dict[str, dict[str, Any]]]]:
    """A catalogue, and the gallery's file beside it, with a row in each table."""
    engine = create_engine(f"sqlite:///{tmp_path}/catalogue.db")
    with engine.connect() as conn:
        conn.exec_driver_sql(f"ATTACH '{tmp_path}/gallery.db' AS own")
        schema.metadata.create_all(conn)
        theirs = MetaData()
        for table in gallery.metadata.sorted_tables:
            table.to_metadata(theirs, schema="own", referred_schema_fn=lambda *_: "own")
        theirs.create_all(conn)
        rows, number = {}, 0
        for table in (*schema.metadata.sorted_tables, *gallery.metadata.sorted_tables):
            number += 100
            row = {c.name: value_of(c, number + i) for i, c in enumerate(table.columns)}
            rows[table.name] = row
            into = f"own.{table.name}" if table.metadata is gallery.metadata else table.name
            names = ", ".join(f'"{name}"' for name in row)
            conn.exec_driver_sql(
                f"INSERT INTO {into} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
            )
        yield conn, rows
    engine.dispose()


def tables() -> Iterator[Table]:
    yield from schema.metadata.tables.values()
    yield from gallery.metadata.tables.values()


def columns() -> Iterator[tuple[str, str]]:
    for table in tables():
        for column in table.columns:
            if table.name not in NOT_EXPORTED and f"{table.name}.{column.name}" not in NOT_EXPORTED:
                yield table.name, column.name


def forms(value: Any) -> set[str]:
    """What a value may be called in JSON."""
    if isinstance(value, bytes):
        return {"said", "text"}
    told = {str(value)} if isinstance(value, str) else {json.dumps(value)}
    if isinstance(value, str) and value[0] in "[{":
        told.add(json.dumps(json.loads(value), ensure_ascii=False))
    if isinstance(value, int):
        told |= {json.dumps(value >> 1), *([json.dumps(bool(value))] if value < 2 else [])}
        told |= {str(iso(value)), str(pixiv_time(value))} if value > AT - 1 else set()
    return told


def test_every_column_is_told_under_its_key_or_has_a_reason_why_not(filled: Any):
    conn, rows = filled
    exported = {kind: list(export(conn, kind)) for kind in KINDS}
    for table, column in columns():
        assert table in EXPORTED, f"{table}: no kind of export has it"
        kind, keys = EXPORTED[table]
        key = keys.get(column, column)
        told = [json.dumps(row[key], ensure_ascii=False) for row in exported[kind] if key in row]
        assert told, f"{table}.{column}: {kind} have no key {key}"
        assert any(form in one for one in told for form in forms(rows[table][column])), (table, column, told)


def test_no_reason_is_given_for_what_is_not_there():
    there = {t.name for t in tables()} | {f"{t.name}.{c.name}" for t in tables() for c in t.columns}
    assert set(NOT_EXPORTED) <= there
    assert set(EXPORTED) <= there


def test_every_key_is_documented(filled: Any):
    conn, _ = filled
    docs = files("pixmirror") / "docs"
    pages = "".join((docs / f"{name}.md").read_text("utf-8") for name in ("export", "where-things-are"))
    for kind in KINDS:
        said = " ".join(row for row in pages.splitlines() if re.match(rf"\| [^|]*`{kind}`", row))
        named = set(re.findall(r"`(\w+)`", said))
        keys = {key for row in export(conn, kind) for key in row}
        assert keys <= named, f"{kind}: {keys - named}"
        assert keys or kind in ("novels", "versions"), kind
