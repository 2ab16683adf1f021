"""Works to read in a mirror: which there are, and how to make them as a test needs them."""

import sqlite3
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target

FORGOTTEN_AT = 1_800_000_000_000
TALL, WIDE = (300, 420), (600, 420)


def ask(root: Path, sql: str, *values: Any) -> list[Any]:
    """Ask the catalogue of a mirror; what changes it is committed."""
    with closing(sqlite3.connect(root / "catalogue.db")) as conn, conn:
        return conn.execute(sql, values).fetchall()


def forget(root: Path, *what: Any) -> None:
    """Forget what a Target names: a kind, an id and, of a page, its number."""
    with Database.open(catalogue_path(root)) as db:
        db.run_sync(forgetting.forget, Target(*what), FORGOTTEN_AT, 30)


def comes_true(is_so: Callable[[], bool]) -> None:
    """Wait for what is done beside; not so long that a fault looks like patience."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.02)


def place_in(root: Path, work_key: int) -> tuple[int, str | None]:
    """Wait until the gallery has a place in this work, which a browser sends when it leaves. Return it."""
    for _ in range(200):
        with closing(sqlite3.connect(root / "gallery.db")) as conn:
            found = conn.execute("SELECT page, anchor FROM place WHERE work_key = ?", (work_key,)).fetchone()
        if found:
            return found  # type: ignore[no-any-return]
        time.sleep(0.05)
    raise AssertionError("no place was kept")


def until(page: Page, expression: str, arg: object = None) -> None:
    """Wait until an expression is true on a page. Playwright's own way is an eval, which our policy forbids."""
    for _ in range(200):
        if page.evaluate(expression, arg):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {expression}")


def longest_manga(root: Path) -> tuple[int, int]:
    """Return the id and the number of pages of the manga with most pages here."""
    sql = """SELECT w.work_key >> 1, count(*) FROM work w JOIN media m ON m.owner_id = w.work_key
    WHERE w.type = 'manga' AND m.role = 'page' AND m.state = 'stored' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"""
    (found,) = ask(root, sql)
    return found  # type: ignore[no-any-return]


def reshape(root: Path, work_id: int, sizes: Sequence[tuple[int, int]]) -> None:
    """Give the pages of a work pictures of these sizes, each of its own grey; what is beyond them is forgotten."""
    ask(root, "UPDATE work SET width = ?, height = ? WHERE work_key = ?", *sizes[0], work_id * 2)
    sql = "SELECT idx, path FROM media WHERE owner_id = ? AND role = 'page' ORDER BY idx"
    for idx, path in ask(root, sql, work_id * 2):
        if idx >= len(sizes):
            ask(root, "DELETE FROM media WHERE owner_id = ? AND idx = ?", work_id * 2, idx)
            continue
        file = root / "media" / path
        file.unlink()  # it is a link to the file of the session's mirror
        Image.new("L", sizes[idx], 40 + 20 * idx).save(file, "PNG")


def longest_novel(root: Path) -> int:
    """Return the id of the novel with the longest text here."""
    sql = "SELECT work_key >> 1 FROM text_version ORDER BY length(body) DESC, work_key LIMIT 1"
    return int(ask(root, sql)[0][0])


def rewrite(root: Path, novel_id: int, text: str) -> None:
    """Give a novel this text."""
    body = zlib.compress(text.encode())
    ask(root, "UPDATE text_version SET body = ? WHERE work_key = ?", body, novel_id * 2 + 1)
