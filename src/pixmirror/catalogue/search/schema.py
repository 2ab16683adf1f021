"""The tables of search.db, attached as `search` beside the catalogue; all of it can be made again (index.py).

- `meta`: `format`, and `seq`, the last `change_seq` that is in here; without `seq` it is still being made.
- `words`: rowid is the work's key. Full-text over tokens (tokens.py), so a MATCH is written by
  `reports/search/` alone. `tags` holds the names of a work's tags and `t{tag.id}` for each; `guess` a guessed
  reading of the title. `indexed`: what stands in `words`, as SQLite needs it to take a row out again.
- `grid`: one row for each work that Pixiv has shown or a dump knows, never for one that is forgotten. `month` is
  that of Japan's time, yyyymm, 0 where no date is known; ratios are width to height, times 100.
- `months`: how many works and what sum of ratios: the scopes below.
- `artist`: when the newest of their works in the grid was posted, for each artist who has any.
- `name`, `names`: what tags and artists are called, now or once: a row for each text, never changed.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from pixmirror.catalogue.sqlite import uri

FORMAT = 5  # of what is written here; a file of another format is made anew

ALL, TAG, ARRIVED = 0, 1, 2  # months.scope: all works; of one tag with many works (key: tag.id); by arrival
MANY = 50_000  # a tag with more works has ready months

# grid.type, by the type of a work
TYPES = {"illust": 0, "manga": 1, "ugoira": 2, "novel": 3}

# grid.flags
R18, R18G, AI = 1, 2, 4
GONE = 8  # deleted, gone, user_gone, user_suspended
HIDDEN = 16  # limited, mypixiv, private
EDITED = 32  # there is more than one version of it
DOUBT = 64  # Pixiv says that it is gone, which is not believed yet

# name.kind: what a text is of its owner, a tag or an artist
NAME, TRANSLATION, READING, GUESS, ARTIST = 0, 1, 2, 3, 4

WORDS = ("title", "artist", "tags", "caption", "text", "guess")

# Tokens stand apart by spaces; what is not ASCII is always part of one.
_TOKENS = """content='', columnsize=0, tokenize="ascii tokenchars '-+#|'\""""

TABLES = (
    "CREATE TABLE {schema}.meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT",
    f"CREATE VIRTUAL TABLE {{schema}}.words USING fts5({', '.join(WORDS)}, prefix='1', {_TOKENS})",
    """
CREATE TABLE {schema}.indexed (
    work_key INTEGER PRIMARY KEY,
    words BLOB NOT NULL, -- title, artist, caption and guess
    tags TEXT NOT NULL, -- JSON list of tag.id
    text_id INTEGER -- the text_version whose text it is
) STRICT
    """,
    """
CREATE TABLE {schema}.grid (
    work_key INTEGER PRIMARY KEY,
    month INTEGER NOT NULL,
    posted INTEGER NOT NULL, -- ms UTC, 0 where month is
    arrived_month INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    ratio INTEGER NOT NULL, -- 45 to 220; of a novel 71
    user_id INTEGER NOT NULL, -- 0 where unknown
    type INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    bookmarks INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    pixels INTEGER NOT NULL
) STRICT
    """,
    """
CREATE TABLE {schema}.months (
    scope INTEGER NOT NULL,
    key INTEGER NOT NULL,
    month INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sum_ratio INTEGER NOT NULL,
    PRIMARY KEY (scope, key, month)
) WITHOUT ROWID, STRICT
    """,
    "CREATE TABLE {schema}.artist (user_id INTEGER PRIMARY KEY, posted INTEGER NOT NULL) STRICT",
    """
CREATE TABLE {schema}.name (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    owner INTEGER NOT NULL, -- tag.id, or user.id of an artist
    text TEXT NOT NULL,
    folded TEXT NOT NULL, -- as tokens.py compares whole texts
    UNIQUE (kind, owner, text)
) STRICT
    """,
    # `long` and `short`: a reading in romaji, with its long vowels doubled and without them.
    f"CREATE VIRTUAL TABLE {{schema}}.names USING fts5(tag, artist, long, short, prefix='1', {_TOKENS})",
)
INDEXES = (
    "CREATE INDEX {schema}.grid_by_month ON grid (month, posted DESC, work_key, ratio, flags, type)",
    "CREATE INDEX {schema}.grid_by_user ON grid (user_id, month, posted DESC, work_key, ratio, flags, type)",
    "CREATE INDEX {schema}.grid_by_arrival ON grid (arrived_month, arrived DESC, work_key, ratio, flags, type)",
    "CREATE INDEX {schema}.grid_by_bookmarks ON grid (bookmarks DESC, work_key DESC, ratio, flags, type)",
    "CREATE INDEX {schema}.artist_by_newest ON artist (posted DESC, user_id DESC)",
    "CREATE INDEX {schema}.grid_in_doubt ON grid (work_key) WHERE flags & 64",
    f"CREATE INDEX {{schema}}.name_of_tag ON name (folded) WHERE kind <= {TRANSLATION}",
)


def search_path(root: Path) -> Path:
    """Return where the search.db of a mirror lies."""
    return root / "search.db"


def making_path(root: Path) -> Path:
    """Return where a new search.db is made while the one that is there still answers."""
    return root / "search.new.db"


def create(raw: sqlite3.Connection, schema: str = "main") -> None:
    """Make the tables, empty. Also in memory, so that a query beside a missing file finds nothing."""
    for statement in (*TABLES, *INDEXES):
        raw.execute(statement.format(schema=schema))


def is_usable(path: Path) -> bool:
    """True if this is a search.db of our format; what it holds may still be incomplete."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=1)) as raw:
            found = raw.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    except sqlite3.DatabaseError:
        return False  # empty, damaged, or none of ours: it is made anew
    return found is not None and found[0] == str(FORMAT)
