"""A mirror of many works, written in SQL: rows of works, their first files, tags, bookmarks; and, if wanted, the
rows of the grid. All files are the same few pictures, which lie in its media folder.
"""

import hashlib
import io
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from PIL import Image

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import catalogue_path
from pixmirror.catalogue.search import grid, rows, schema

ACCOUNT = 11
LAST = 1_764_000_000_000  # November 2025
MONTH_MS = 2_629_800_000
PICTURES = ((300, 200), (200, 300), (240, 240), (420, 200), (150, 330), (320, 240))
TAGS = ("夜", "猫", "海", "R-18", "金魚", "鳥")

_NUMBERS = """
CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < :works)
SELECT i, ((1000000 + i * 7) << 1) + (i % 29 = 5) AS wk, (i * 2654435761 >> 7) & 65535 AS r, i % 41 + 1 AS artist,
  CASE WHEN i % 997 = 3 THEN NULL ELSE :first + i * (:last - :first) / :works END AS at FROM c"""
_WORKS = """
INSERT INTO work (work_key, medium, type, user_id, title, caption, create_date, x_restrict, ai_type, page_count,
  width, height, total_bookmarks, series_key, state, change_seq, first_seen, last_seen)
SELECT wk, CASE WHEN wk & 1 THEN 'novel' ELSE 'illust' END,
  CASE WHEN wk & 1 THEN 'novel' WHEN r % 13 = 3 THEN 'ugoira' WHEN r % 7 = 4 THEN 'manga' ELSE 'illust' END,
  artist,
  '作品' || i, '', at, r % 10 = 0, 1 + (r % 11 = 5), 1 + (r >> 3) % 4 * (r % 7 = 4),
  value ->> 0, value ->> 1, r % 5000, CASE WHEN r % 17 = 2 THEN (artist << 1) + (wk & 1) END,
  CASE WHEN i % 50 = 11 THEN 'gone' WHEN i % 70 = 12 THEN 'private' ELSE 'live' END, 1,
  coalesce(at, :first) + 60000 + (i % 3) * 86400000, :last
FROM n, json_each(:shapes) p WHERE p.key = r % 6"""
_FILES = """
INSERT INTO media (owner_kind, owner_id, role, idx, version, url, path, state, priority, size, sha256, first_seen,
  stored_at)
SELECT 'work', wk, CASE WHEN wk & 1 THEN 'cover' WHEN r % 13 = 3 THEN 'ugoira' ELSE 'page' END, 0,
  '20200101000000',
  'https://i.pximg.net/' || wk, value ->> 0,
  CASE i % 60 WHEN 7 THEN 'wanted' WHEN 17 THEN 'refused' WHEN 27 THEN 'damaged' ELSE 'stored' END, 0, value ->> 1,
  value ->> 2, 0, 0
FROM n, json_each(:files) p WHERE p.key = r % 6 AND NOT (wk & 1)"""
_REST = (
    """INSERT INTO user (id, name, account, first_seen, last_seen)
       SELECT i + 1, '作者' || i, 'a', 0, 0 FROM n WHERE i < 41""",
    "INSERT INTO tag (id, name) SELECT key + 1, value FROM json_each(:tags)",
    """INSERT INTO work_tag (tag_id, work_key, position)
       SELECT key + 1, wk, key FROM n, json_each(:tags) WHERE (r >> key) % (key + 2) = 0""",
    "UPDATE tag SET works = (SELECT count(*) FROM work_tag WHERE tag_id = id)",
    "INSERT INTO account (id, name, account, seen_at) VALUES (:account, 'me', 'me', 0)",
    """INSERT INTO bookmark (account_id, work_key, restrict, below, state, first_seen, last_seen)
       SELECT :account, wk, 'public', 90000000 + r * 1000 + i % 7,
         CASE WHEN i % 45 = 4 THEN 'gone' ELSE 'live' END, 0, 0 FROM n WHERE i % 9 = 4""",
    """INSERT INTO bookmark_work_tag (account_id, work_key, name, last_seen)
       SELECT :account, work_key, CASE work_key % 4 WHEN 0 THEN '背景' ELSE '後で' END, 0 FROM bookmark""",
    "INSERT INTO work_job (work_key, job, first_seen) SELECT wk, 'job' || i % 3, 0 FROM n",
    """INSERT INTO media (owner_kind, owner_id, role, idx, version, is_current, url, path, state, priority,
         first_seen)
       SELECT 'work', wk, 'page', 0, '20190101000000', 0, '', '', 'gone', 0, 0 FROM n WHERE i % 33 = 8""",
    """INSERT INTO doubt (owner_kind, owner_id, account_id, state, evidence, since, at)
       SELECT 'work', wk, :account, 'gone', 'detail', 0, 0 FROM n WHERE i % 101 = 40""",
    "INSERT OR REPLACE INTO meta (key, value) VALUES ('change_seq', '1')",
)  # fmt: skip


def make(root: Path, works: int, months: int = 126) -> Path:
    """Make a mirror with so many works, posted in so many months. Return its root."""
    (root / "media").mkdir(parents=True)
    migrate.upgrade(catalogue_path(root))
    files = [_draw(root, number) for number in range(len(PICTURES))]
    given = {
        "works": works, "first": LAST - months * MONTH_MS, "last": LAST, "account": ACCOUNT,
        "tags": json.dumps(TAGS), "shapes": json.dumps(PICTURES), "files": json.dumps(files),
    }  # fmt: skip
    with closing(sqlite3.connect(catalogue_path(root))) as raw:
        for statement in (_NUMBERS, _WORKS, _FILES, *_REST):
            raw.execute(statement, given)
        raw.execute("DROP TABLE temp.n")
        raw.commit()
    return root


def _draw(root: Path, number: int) -> tuple[str, int, str]:
    """Draw one of the pictures. Return its path, size and hash."""
    colours = random.Random(number)
    picture = Image.new("RGB", PICTURES[number], tuple(colours.randrange(60, 220) for _ in range(3)))
    out = io.BytesIO()
    picture.save(out, "PNG")
    (root / "media" / f"{number}.png").write_bytes(out.getvalue())
    return f"{number}.png", len(out.getvalue()), hashlib.sha256(out.getvalue()).hexdigest()


def index(root: Path) -> None:
    """Make search.db of it, with the grid alone."""
    schema.search_path(root).unlink(missing_ok=True)
    with closing(sqlite3.connect(schema.search_path(root))) as raw:
        schema.create(raw)
        raw.execute("ATTACH ? AS catalogue", (str(catalogue_path(root)),))
        raw.execute(
            f"""INSERT INTO grid SELECT work_key, month, coalesce(posted, 0), arrived_month, arrived, ratio,
              coalesce(user_id, 0), type, flags, bookmarks, pages, pixels FROM ({rows.GRID})"""
        )
        grid.count_months(raw)
        grid.count_artists(raw)
        raw.execute("INSERT INTO meta VALUES ('format', ?), ('seq', '1')", (str(schema.FORMAT),))
        raw.commit()
        raw.execute("PRAGMA journal_mode=WAL")
