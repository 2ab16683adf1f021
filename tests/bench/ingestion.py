"""Scenario 3: pages of 30 works into catalogues of 10^4, 10^5 and 10^6 works, beside a raw sqlite3 loop.

Milliseconds of processor time a page through `record_works`, payloads included, one transaction and one fsync a
page. The raw loop has the same settings and writes the same rows in the same order, and knows them beforehand: it
reads nothing, compares nothing and looks up no tag. Once the bodies of the payloads are ready too; once it makes
them of the answers by the same codec.
"""

import gc
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pixmirror.catalogue.database import WRITER_PRAGMAS, Database
from pixmirror.catalogue.payloads import canonical, digest_text, pack_text
from pixmirror.ingest.works import record_works
from pixmirror.models import Illust, Novel, Received
from tests.bench import catalogues
from tests.bench.measure import Figure, Options
from tests.catalogue.builders import illust, seen, tag, user, works

NAME = "ingestion"
SIZES = (10_000, 100_000, 1_000_000)
SMALL = (300, 3_000)
PAGE = 30
USERS = 30
DISTINCT_TAGS = 250
LINKS = 300
PAGES = 60  # in each round
WARM_UP = 10
_WHAT = "CPU a page of 30 works"
_MOST = 1.3  # of the raw loop with packing
_GROWTH = 1.6  # of the largest catalogue to the smallest
_TABLES = {
    "work": "work_key IN ({})",
    "work_tag": "work_key IN ({}) ORDER BY tag_id",
    "media": "owner_kind = 'work' AND owner_id IN ({}) ORDER BY id",
    "work_job": "work_key IN ({})",
    "chore": "key IN ({})",
    "payload": "owner_kind = 'work' AND owner_id IN ({}) ORDER BY id",
    "sighting": "owner_kind = 'work' AND owner_id IN ({}) ORDER BY id",
}

_OF_USER = ("id", "name", "account", "profile_image_urls")

_Page = list[Received[Illust | Novel]]


# All that one page has written: statements with their rows.
_Rows = list[tuple[str, list[tuple[Any, ...]]]]


def scenario(options: Options) -> Iterator[Figure]:
    sizes = SMALL if options.small else SIZES
    for size in sizes:
        source = catalogues.made(options.cache, size, say=options.say)
        ours = catalogues.copied(source, options.folder / f"{size}" / "ours.db")
        raws = {
            named: catalogues.copied(source, options.folder / f"{size}" / f"{named}.db")
            for named in ("with packing", "rows only")
        }
        pages = _pages(size, WARM_UP + PAGES * options.runs)
        chunks = [pages[:WARM_UP]] + [pages[at : at + PAGES] for at in range(WARM_UP, len(pages), PAGES)]
        now = catalogues.NOW
        _forget_the_heap()
        for number, chunk in enumerate(chunks):
            options.say(f"{NAME}: {size:,} works, run {number}")
            with Database.open(ours) as db:
                spent = _ours(db, chunk, now)
                rows = [_rows_of(db, page, now + n) for n, page in enumerate(chunk)]
            costs = {named: _raw(path, chunk, rows, named == "with packing") for named, path in raws.items()}
            now += len(chunk)
            if number:
                yield from _figures(size, sizes[0], spent, costs)
        for path in (ours, *raws.values()):
            path.unlink()


def _figures(size: int, smallest: int, spent: float, costs: dict[str, float]) -> Iterator[Figure]:
    me = f"pixmirror, {size:,} works"
    for named, cost in costs.items():
        yield Figure(NAME, _WHAT, f"sqlite3 {named}, {size:,} works", cost, "ms")
    yield Figure(NAME, _WHAT, me, spent, "ms", f"sqlite3 with packing, {size:,} works", _MOST)
    yield Figure(NAME, _WHAT, me, spent, "ms", f"sqlite3 rows only, {size:,} works")
    if size != smallest:
        growth = _GROWTH if size == SIZES[-1] else None
        yield Figure(NAME, _WHAT, me, spent, "ms", f"pixmirror, {smallest:,} works", growth)
        raw = "sqlite3 with packing, {:,} works"
        yield Figure(NAME, _WHAT, raw.format(size), costs["with packing"], "ms", raw.format(smallest))


def _pages(size: int, count: int) -> list[_Page]:
    """Works that lie among those that are there; a third of their artists is new."""
    rng = random.Random(size)
    artists, tags = max(1, size // catalogues.WORKS_OF_ARTIST), catalogues.tags_of(size)
    numbers = iter(range(count * PAGE))
    pages = []
    for n in range(count):
        names = [f"タグ{int(tags * rng.random() ** 2)}" for _ in range(DISTINCT_TAGS)]
        names += rng.sample(names, LINKS - DISTINCT_TAGS)
        rng.shuffle(names)
        raws = [
            illust(
                catalogues.id_between(next(numbers), size),
                pages=1 + (i + n) % 5,
                tags=[tag(name, f"translated {name}" if int(name[2:]) % 3 else None) for name in names[i::PAGE]],
                owner=user(rng.randrange(artists) + 1 if i % 3 else 50_000_000 + n * USERS + i),
                caption=f"caption {rng.random()}<br />" * rng.randrange(12),
            )
            for i in range(PAGE)
        ]
        pages.append(works(*raws))
    return pages


def _forget_the_heap() -> None:
    """All these pages at once are the benchmark's: no collector should walk through them in what is measured."""
    gc.collect()
    gc.freeze()


def _ours(db: Database, pages: Sequence[_Page], now: int) -> float:
    """Milliseconds of CPU a page."""
    began = time.process_time()
    for n, page in enumerate(pages):
        db.run_sync(record_works, seen(now + n, account_id=catalogues.ACCOUNT), page, {})
    return (time.process_time() - began) * 1000 / len(pages)


def _rows_of(db: Database, page: _Page, now: int) -> _Rows:
    """What `page`, whose tags were all known, recorded at `now`, has written."""
    keys = ",".join(str(r.item.key) for r in page)
    people = ",".join(str(r.item.user.id) for r in page if r.item.user)

    def select(conn: Any, table: str, where: str) -> tuple[str, list[tuple[Any, ...]]]:
        found = conn.exec_driver_sql(f"SELECT * FROM {table} WHERE {where}")
        marks = ", ".join("?" * len(found.keys()))
        return f"INSERT INTO {table} VALUES ({marks})", [tuple(row) for row in found]

    def read(conn: Any) -> _Rows:
        new = f"owner_kind = 'user' AND owner_id IN ({people}) AND seen_at = {now}"
        found = [
            select(conn, "user", f"id IN ({people}) AND first_seen = {now}"),
            (
                f"UPDATE user SET last_seen = {now} WHERE id = ?",
                [tuple(row) for row in conn.exec_driver_sql(f"SELECT id FROM user WHERE id IN ({people})")],
            ),
            select(conn, "payload", new),
            ("UPDATE tag SET works = works + ? WHERE id = ?", _counts(conn, keys)),
            select(conn, "tag_translation", f"seen_at = {now}"),
            *(select(conn, table, where.format(keys)) for table, where in _TABLES.items()),
            ("UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = ?", [("change_seq",)]),
        ]
        return [(_upserting(sql), rows) for sql, rows in found if rows]

    return db.read_sync(read)


def _counts(conn: Any, keys: str) -> list[tuple[int, int]]:
    linked = conn.exec_driver_sql(f"SELECT tag_id FROM work_tag WHERE work_key IN ({keys})").scalars()
    return [(n, tag_id) for tag_id, n in Counter(linked).items()]


def _upserting(sql: str) -> str:
    return sql.replace("INSERT", "INSERT OR REPLACE") if "tag_translation" in sql else sql


def _raw(path: Path, pages: Sequence[_Page], rows: Sequence[_Rows], packing: bool) -> float:
    """Milliseconds of CPU a page."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for pragma in WRITER_PRAGMAS:
            conn.execute(f"PRAGMA {pragma}")
        began = time.process_time()
        for page, of_page in zip(pages, rows, strict=True):
            conn.execute("BEGIN IMMEDIATE")
            said = _said(page) if packing else {}
            for sql, values in of_page:
                packed = packing and sql.startswith("INSERT INTO payload")
                conn.executemany(sql, _packed(said, values) if packed else values)
            conn.execute("COMMIT")
        return (time.process_time() - began) * 1000 / len(pages)


def _said(page: _Page) -> dict[tuple[str, int], Any]:
    """What the page says of each work and user, as it is kept."""
    works = {("work", r.item.key): r.raw for r in page}
    users = [r.raw["user"] for r in page]
    return works | {("user", u["id"]): {name: u[name] for name in _OF_USER} for u in users}


def _packed(said: dict[tuple[str, int], Any], rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows of payloads, their digest and body made of what came."""
    for row in rows:
        text = canonical(said[row[1], row[2]])
        yield (*row[:4], digest_text(text), row[5], pack_text(text), *row[7:])
