"""The file of search.db as its writer finds it, and how one takes the place of another."""

import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path

from pixmirror.catalogue.search.schema import is_usable
from pixmirror.catalogue.sqlite import uri

_CHANGE_SEQ = "SELECT CAST(value AS INTEGER) FROM catalogue.meta WHERE key = 'change_seq'"


def standing(path: Path, catalogue: Path, guesser: str) -> tuple[bool, bool, bool]:
    """Return whether a file can be asked and the catalogue is no older than it; whether its tokens are cut and
    guessed as ours; whether all works are in it.
    """
    if not is_usable(path):
        return False, False, False
    with closing(sqlite3.connect(uri(path, "ro"), uri=True)) as raw:
        raw.execute("ATTACH ? AS catalogue", (uri(catalogue, "ro"),))
        meta = dict(raw.execute("SELECT key, value FROM main.meta"))
        (seq,) = raw.execute(_CHANGE_SEQ).fetchone() or (0,)
    is_alike = (meta.get("unicode"), meta.get("guesser")) == (unicodedata.unidata_version, guesser)
    return int(meta.get("seq", meta.get("since", "0"))) <= seq, is_alike, "seq" in meta


def remove(path: Path) -> None:
    """Remove a file and its log: the file first, so that nobody opens it without the log."""
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def move(path: Path, to: Path) -> None:
    """Give a file another name, with all that its log holds."""
    with closing(sqlite3.connect(uri(path, "rw"), uri=True)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.rename(to)
    remove(path)
