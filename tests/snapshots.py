"""What a mirror holds, without all that only says when and in which order it came: to compare two mirrors."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, RowMapping, create_engine, select

from pixmirror.catalogue.payloads import canonical, unpack
from pixmirror.catalogue.schema import metadata, payload
from pixmirror.daemon.mirror import catalogue_path

SKIPPED_TABLES = {"run", "spent", "meta", "job", "account", "alembic_version"}
# Times, counts of attempts, and numbers that only say in which order things were done.
SKIPPED_COLUMNS = {
    "id", "first_seen", "last_seen", "seen_at", "state_at", "profile_at", "detail_at",
    "comments_at", "stored_at", "verified_at", "due_at", "attempts", "error", "first_at",
    "last_at", "read_at", "head_at", "full_at", "opened_at", "change_seq", "sidecar_seq",
    "job", "failures", "missing_since", "progress", "tag_id", "priority", "lane",
    "times", "full_started", "refresh_at", "joined_at", "feed_id", "at", "since", "base", "codec",
}  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    tables: dict[str, list[str]]
    files: dict[str, bytes]


def _unpacked(conn: Connection, row: RowMapping) -> str:
    """However it is packed, which depends on what came first."""
    base = conn.execute(select(payload.c.body).where(payload.c.id == row["base"])).scalar()
    return canonical(unpack(row["codec"], row["body"], base))


def snapshot(root: Path) -> Snapshot:
    """All that the mirror holds, but times, runs, request counts and the order of work."""
    engine = create_engine(f"sqlite:///{catalogue_path(root)}")
    tables = {}
    tag_names = _tag_names(engine, metadata)
    with engine.connect() as conn:
        for table in metadata.sorted_tables:
            if table.name in SKIPPED_TABLES:
                continue
            rows = []
            for row in conn.execute(select(table)).mappings():
                kept = {k: v for k, v in row.items() if k not in SKIPPED_COLUMNS}
                if "tag_id" in row:
                    kept["tag"] = tag_names[row["tag_id"]]
                if table.name == "payload":
                    # A stub holds the time of the request as create_date.
                    kept["body"] = "" if row["endpoint"] == "stub" else _unpacked(conn, row)
                rows.append(repr(sorted(kept.items())))
            tables[table.name] = sorted(rows)
    engine.dispose()
    media = root / "media"
    files = {str(p.relative_to(media)): p.read_bytes() for p in media.rglob("*") if p.is_file()}
    files.pop(".pixmirror-media", None)
    return Snapshot(tables, files)


def _tag_names(engine: Any, tables: MetaData) -> dict[int, str]:
    tag = tables.tables["tag"]
    with engine.connect() as conn:
        return {row.id: row.name for row in conn.execute(select(tag.c.id, tag.c.name))}


def the_same(mine: Snapshot, whole: Snapshot) -> None:
    """Assert that both hold the same, and say what does not."""
    assert mine.files.keys() == whole.files.keys()
    differing = [name for name, content in whole.files.items() if mine.files[name] != content]
    assert not differing, differing
    for name, rows in whole.tables.items():
        assert mine.tables[name] == rows, (name, set(mine.tables[name]) ^ set(rows))
    assert not [name for name in mine.files if name.endswith(".part")]
