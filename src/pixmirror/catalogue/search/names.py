"""What tags and artists are called: names, translations and readings, now and once, for words and suggestions.

Rows are added and never change; only those of an artist who is forgotten are taken out.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeAlias

from pixmirror.catalogue.payloads import unpack
from pixmirror.catalogue.search import readings, romaji
from pixmirror.catalogue.search.fold import whole
from pixmirror.catalogue.search.schema import ARTIST, GUESS, NAME, READING, TRANSLATION
from pixmirror.catalogue.search.tokens import column, pieces
from pixmirror.catalogue.sql import listed

Told: TypeAlias = tuple[int, int, str]  # kind, owner, text

_AMONG = "IN (SELECT value FROM json_each(?))"
_ADD = "INSERT INTO name (id, kind, owner, text, folded) VALUES (?, ?, ?, ?, ?)"
_PUT = "INSERT INTO names (rowid, tag, artist, long, short) VALUES (?, ?, ?, ?, ?)"
_TAKE_OUT = "INSERT INTO names (names, rowid, tag, artist, long, short) VALUES ('delete', ?, ?, ?, ?, ?)"
_OF = f"SELECT id, kind, text FROM name WHERE kind = ? AND owner {_AMONG}"
_TOLD = f"SELECT kind, owner, text FROM name WHERE kind = ? AND owner {_AMONG}"
_NAMES = f"SELECT owner, text FROM name WHERE kind = ? AND owner {_AMONG}"
_DROP = f"DELETE FROM name WHERE id {_AMONG}"
_TRANSLATIONS = f"""
SELECT {TRANSLATION}, g.id, s.text FROM catalogue.tag g JOIN catalogue.translation_seen s ON s.name = g.name
WHERE g.id {_AMONG}"""
_READINGS = f"""
SELECT {READING}, g.id, r.text FROM catalogue.tag g JOIN catalogue.tag_reading r ON r.name = g.name
WHERE g.id {_AMONG}"""
_PEOPLE = f"SELECT id, name, account FROM catalogue.user WHERE id {_AMONG}"
_ONCE = f"""
SELECT owner_id, codec, body FROM catalogue.payload
WHERE owner_kind = 'user' AND endpoint = 'list' AND base IS NULL AND owner_id {_AMONG}"""


def add(raw: sqlite3.Connection, told: Iterable[Told]) -> None:
    """Add texts that are not there yet."""
    (last,) = raw.execute("SELECT coalesce(max(id), 0) FROM name").fetchone()
    new = [(number, *one) for number, one in enumerate(dict.fromkeys(told), last + 1)]
    raw.executemany(_ADD, ((*row, whole(row[-1])) for row in new))
    raw.executemany(_PUT, ((number, *_columns(kind, text)) for number, kind, _, text in new))


def _columns(kind: int, text: str) -> tuple[str, str, str, str]:
    if kind in (READING, GUESS):
        ways = readings.letters(text)
        return "", "", " ".join(ways), " ".join(dict.fromkeys(map(romaji.short, ways)))
    written = column([pieces(text)])
    return ("", written, "", "") if kind == ARTIST else (written, "", "", "")


def known_tags(raw: sqlite3.Connection, tags: Collection[int]) -> dict[int, str]:
    """Return the names of those of these tags that are known."""
    return dict(raw.execute(_NAMES, (NAME, listed(tags))).fetchall()) if tags else {}


def add_tags(raw: sqlite3.Connection, tags: Mapping[int, str], guess: Callable[[str], str]) -> None:
    """Add all that tags were ever called. How they are read is guessed only where nothing tells it."""
    ids = listed(tags)
    read = [tuple(row) for row in raw.execute(_READINGS, (ids,))]
    read += [(READING, tag, name) for tag, name in tags.items() if romaji.kana_letters(name)]
    is_read = {tag for _, tag, _ in read}
    told: dict[Told, None] = dict.fromkeys((NAME, tag, name) for tag, name in tags.items())
    told |= dict.fromkeys(tuple(row) for row in raw.execute(_TRANSLATIONS, (ids,)))
    told |= dict.fromkeys(read)
    told |= {
        (GUESS, tag, text): None for tag, name in tags.items() if tag not in is_read and (text := guess(name))
    }
    known = {tuple(row) for kind in (NAME, TRANSLATION, READING, GUESS) for row in raw.execute(_TOLD, (kind, ids))}
    add(raw, (one for one in told if one not in known and one[2]))


def of_artists(raw: sqlite3.Connection, users: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the names that artists have and had, and add new ones."""
    had: dict[int, dict[str, None]] = {user: {} for user in users}
    for owner, text in raw.execute(f"{_NAMES} ORDER BY id", (ARTIST, listed(users))):
        had[owner][text] = None
    now = {user: (name, account) for user, name, account in raw.execute(_PEOPLE, (listed(users),))}
    known = {(ARTIST, user, name) for user, names in had.items() for name in names}
    moved = [user for user, names in now.items() if any(name and name not in had[user] for name in names)]
    for user, names in _names_once(raw, moved):
        had[user] |= dict.fromkeys(names)
    for user in moved:
        had[user] |= dict.fromkeys(name for name in now[user] if name)
    add(raw, (one for user in moved for name in had[user] if (one := (ARTIST, user, name)) not in known))
    return {user: tuple(names) for user, names in had.items()}


def _names_once(raw: sqlite3.Connection, users: Collection[int]) -> list[tuple[int, list[str]]]:
    """Read what artists were called from what lists said of them."""
    found = []
    for owner, codec, body in raw.execute(_ONCE, (listed(users),)) if users else ():
        try:
            said = unpack(codec, body)
        except ValueError:
            continue  # garbled on disk, which `reindex` tells
        names = [said.get(name) for name in ("name", "account")] if isinstance(said, dict) else []
        found.append((owner, [name for name in names if isinstance(name, str) and name]))
    return found


def forget_artists(raw: sqlite3.Connection, users: Collection[int]) -> None:
    """Take out all names of these artists."""
    rows = raw.execute(_OF, (ARTIST, listed(users))).fetchall()
    raw.executemany(_TAKE_OUT, ((number, *_columns(kind, text)) for number, kind, text in rows))
    raw.execute(_DROP, (listed(number for number, _, _ in rows),))
