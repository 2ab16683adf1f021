"""Catalogues of any size, written in SQL into the real schema: made once, kept in a cache folder, copied for use.

They hold what a mirror of that many works holds: three files, ten tags, one payload and one sighting a work, an
artist for each 200 works, three novels and two works that are gone in each hundred, feeds that were read to the
end. Ids and times lie as far apart as Pixiv's. Nothing is due and nothing is open.
"""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from pixmirror.catalogue import migrate
from pixmirror.catalogue.payloads import canonical, pack_text
from tests.catalogue.builders import illust, tag, user

NOW = 1_764_000_000_000
ACCOUNT = 10_000_001  # that of the demo
FIRST_ID = 1_000_000
STEP = 100  # between the ids of two works: what is ingested later falls between them
WORKS_OF_ARTIST = 200
TEMPLATES = 500
_FORMAT = 7  # of what is made here: another one is made anew

# i: begin..works-1; r, s: two numbers that look random. Ids are those of illusts but for three in a hundred.
# What is multiplied must stay within 63 bits: beyond them it is no whole number, and all works get the same.
_SERIES = """
CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT :begin UNION ALL SELECT i + 1 FROM c WHERE i + 1 < :works)
SELECT i, (i * 2654435761 >> 5) & 1048575 AS r, (i * 40503 + 7919 & 2147483647) * 2654435761 >> 9 & 1048575 AS s,
  ((:first + i * :step) << 1) + (i % 33 = 7) AS wk, (i * 2654435761 >> 3) % :artists + 1 AS artist,
  i * (:now - 1420000000000) / :works + 1420000000000 AS at FROM c
"""
_WORK = """
INSERT INTO work (work_key, medium, type, user_id, title, caption, create_date, x_restrict, sanity_level, ai_type,
  page_count, width, height, total_view, total_bookmarks, text_length, state, state_at, evidence, change_seq,
  sidecar_seq, first_seen, last_seen)
SELECT wk, CASE wk & 1 WHEN 1 THEN 'novel' ELSE 'illust' END,
  CASE WHEN wk & 1 THEN 'novel' WHEN r % 40 = 3 THEN 'ugoira' WHEN r % 10 = 4 THEN 'manga' ELSE 'illust' END,
  artist, '作品 ' || substr('夏の日の約束と星空の下で君を待つ物語', r % 16 + 1, 4 + s % 5) || ' ' || i,
  'caption of ' || i || '<br />' || substr(hex(r * s), 1, s % 60), at, (r % 12 = 0), 2, 1, 1 + (r & 3),
  800 + r % 3000, 600 + s % 4000, r * 7, r >> 3, CASE WHEN wk & 1 THEN 100 + s END,
  CASE WHEN i % 50 = 11 THEN 'gone' ELSE 'live' END, at, 'list', i, i, at + 60000, :now - 86400000 * (1 + r % 20)
FROM n
"""
_MEDIA = """
INSERT INTO media (owner_kind, owner_id, role, idx, version, url, path, state, priority, size, sha256, first_seen,
  stored_at, fetched_url)
SELECT 'work', wk, CASE WHEN wk & 1 THEN 'cover' ELSE 'page' END, p.value, v,
  'https://i.pximg.net/img-original/img/' || strftime('%Y/%m/%d/%H/%M/%S', at / 1000, 'unixepoch') || '/'
    || (wk >> 1) || '_p' || p.value || '.png',
  artist || '/' || (wk >> 1) || '_p' || p.value || '.png',
  CASE WHEN i * :each + p.value < :wanted THEN 'wanted' ELSE 'stored' END, 0,
  CASE WHEN i * :each + p.value < :wanted THEN NULL ELSE 300000 + r END,
  CASE WHEN i * :each + p.value < :wanted THEN NULL ELSE lower(hex(randomblob(32))) END, at + 60000,
  CASE WHEN i * :each + p.value < :wanted THEN NULL ELSE at + 120000 END, NULL
FROM (SELECT *, strftime('%Y%m%d%H%M%S', at / 1000, 'unixepoch') AS v FROM n), json_each(:pages) AS p
"""
_SORTED_TAGS = """
INSERT OR IGNORE INTO work_tag (tag_id, work_key, position)
SELECT CAST(:tags * (x / 1048576.0) * (x / 1048576.0) AS INTEGER) + 1 AS t, wk, value
FROM (SELECT wk, p.value, ((r * 31 + s * 7 + i) * 97 + p.value * 104729 * (s + 1)) & 1048575 AS x
      FROM n, json_each('[0,1,2,3,4,5,6,7,8,9]') AS p)
ORDER BY t, wk
"""
_STATEMENTS = (
    "INSERT INTO tag (id, name, works) SELECT i + 1, 'タグ' || i, 0 FROM n WHERE i < :tags",
    """INSERT INTO tag_translation SELECT i + 1, 'en', 'tag number ' || i, :now
       FROM n WHERE i < :tags AND i % 3 = 0""",
    """INSERT INTO user (id, name, account, comment, avatar_url, total_illusts, total_manga, total_novels,
         state_at, profile_at, first_seen, last_seen, evidence)
       SELECT i + 1, 'artist ' || (i + 1), 'user_' || (i + 1), 'about me',
         'https://i.pximg.net/user-profile/img/2021/10/21/16/01/24/' || (i + 1) || '_ab_170.png', 194, 0, 6,
         at, :now, at, :now, 'list' FROM n WHERE i < :artists""",
    """INSERT INTO follow (account_id, user_id, restrict, first_seen, last_seen)
       SELECT :account, id, 'public', :now, :now FROM user""",
    _WORK,
    _MEDIA,
    _SORTED_TAGS,
    "UPDATE tag SET works = (SELECT count(*) FROM work_tag WHERE tag_id = id)",
    """INSERT INTO payload (owner_kind, owner_id, endpoint, digest, codec, body, seen_at, language)
       SELECT 'work', wk, 'list', randomblob(16), 1, body, at + 60000, 'en'
       FROM n JOIN template ON k = i % :templates""",
    """INSERT INTO sighting (account_id, owner_kind, owner_id, state, evidence, first_at, last_at)
       SELECT :account, 'work', wk, 'live', 'list', at + 60000, :now - 86400000 FROM n""",
    "INSERT INTO work_job (work_key, job, first_seen) SELECT wk, 'following', at + 60000 FROM n",
    """INSERT INTO text_version (work_key, digest, body, seen_at)
       SELECT wk, hex(randomblob(32)), randomblob(3000), at + 60000 FROM n WHERE wk & 1""",
    """INSERT INTO bookmark (account_id, work_key, restrict, first_seen, last_seen)
       SELECT :account, wk, 'public', at, :now FROM n WHERE i % 7 = 0""",
    """INSERT INTO feed (account_id, endpoint, params, marks, job, lane, due_at, head_at, full_at, full_started)
       SELECT :account, endpoint, '{"user_id":' || (i + 1) || '}', '{}', 'following', 3, NULL, :now, :now,
         :now - 30 * 86400000
       FROM n, (SELECT 'user/illusts' AS endpoint UNION SELECT 'user/novels') WHERE i < :artists""",
    "INSERT INTO feed_job (feed_id, job, joined_at) SELECT id, 'following', :now FROM feed",
    "INSERT INTO account (id, name, account, seen_at) VALUES (:account, 'me', 'me', :now)",
    """INSERT INTO meta (key, value) SELECT 'stored_files', count(*) FROM media WHERE state = 'stored'
       UNION ALL SELECT 'stored_bytes', coalesce(sum(size), 0) FROM media WHERE state = 'stored'
       UNION ALL SELECT 'change_seq', :works""",
)


def made(
    cache: Path, works: int, *, files: int = 3, wanted: int = 0, say: Callable[[str], None] = lambda line: None
) -> Path:
    """A catalogue of `works` works and `files` files each, the first `wanted` of all still to be fetched."""
    schema = migrate.HEAD
    path = cache / f"catalogue-{works}-{files}-{wanted}-{schema}-{_FORMAT}.db"
    if not path.exists():
        say(f"making a catalogue of {works:,} works at {path}")
        cache.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        migrate.upgrade(part)
        with closing(sqlite3.connect(part, isolation_level=None)) as conn:
            _fill(conn, works, files, wanted)
        part.rename(path)
    return path


def copied(source: Path, target: Path) -> Path:
    """A copy that may be written to; sharing its blocks where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--reflink=auto", source, target], check=True)
    target.chmod(0o600)
    return target


def tags_of(works: int) -> int:
    """How many tags a catalogue of so many works has; the first are the commonest."""
    return max(20, min(works // 5, 50_000))


def id_between(number: int, works: int) -> int:
    """The id of a work that is in no such catalogue, somewhere among those that are."""
    spot = number * 2_654_435_761 % (works * (STEP - 1))
    return FIRST_ID + spot // (STEP - 1) * STEP + 1 + spot % (STEP - 1)


def _fill(conn: sqlite3.Connection, works: int, files: int, wanted: int) -> None:
    """Tables first, their indexes after."""
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "temp_store=FILE"):
        conn.execute(f"PRAGMA {pragma}")
    indexes = conn.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        conn.execute(f"DROP INDEX {name}")
    given = {
        "begin": 0, "works": works, "artists": max(1, works // WORKS_OF_ARTIST), "tags": tags_of(works),
        "now": NOW, "first": FIRST_ID, "step": STEP, "account": ACCOUNT, "templates": TEMPLATES, "each": files,
        "wanted": wanted, "pages": json.dumps(list(range(files))),
    }  # fmt: skip
    conn.execute("BEGIN")
    conn.execute("CREATE TEMP TABLE template (k INTEGER PRIMARY KEY, body BLOB)")
    conn.executemany("INSERT INTO template VALUES (?, ?)", _templates())
    conn.execute(_SERIES, given)
    for statement in _STATEMENTS:
        conn.execute(statement, given)
    for _, sql in indexes:
        conn.execute(sql)
    conn.execute("COMMIT")
    conn.execute("DROP TABLE temp.n")
    conn.execute("PRAGMA journal_mode=WAL")


def _templates() -> Iterator[tuple[int, bytes]]:
    for k in range(TEMPLATES):
        raw = illust(
            FIRST_ID + k * 977, pages=1 + (k & 3), owner=user(k + 1), title=f"作品 {k}",
            caption=hashlib.sha512(str(k).encode()).hexdigest() * (k % 3),
            tags=[tag(f"タグ{k * 7 + n}", f"tag number {k * 7 + n}" if n % 3 else None) for n in range(10)],
        )  # fmt: skip
        yield k, pack_text(canonical(raw))


if __name__ == "__main__":
    made(Path(sys.argv[1]), int(sys.argv[2]), say=print)
    print(os.path.getsize(made(Path(sys.argv[1]), int(sys.argv[2]))) / 1e6, "MB")
