"""The words of works: what is indexed of each, and how a row of the full-text index is replaced.

A contentless index takes a row out only against the very text that was put in. So `indexed` keeps that text, but
for what the catalogue never changes: tags by their ids, novels by their `text_version`.
"""

import json
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from pixmirror.catalogue.search import plain
from pixmirror.catalogue.search.schema import WORDS
from pixmirror.catalogue.search.tokens import column, pieces
from pixmirror.catalogue.sql import listed

Pieces: TypeAlias = Callable[[int], tuple[str, str]]  # those of a tag's name, by its id

_COLUMNS = ", ".join(WORDS)
_MARKS = ", ".join("?" * len(WORDS))
_PUT = f"INSERT INTO words (rowid, {_COLUMNS}) VALUES (?, {_MARKS})"
_TAKE_OUT = f"INSERT INTO words (words, rowid, {_COLUMNS}) VALUES ('delete', ?, {_MARKS})"
_KNOWN = "SELECT work_key, words, tags, text_id FROM indexed WHERE work_key IN (SELECT value FROM json_each(?))"
_KEEP = "INSERT OR REPLACE INTO indexed (work_key, words, tags, text_id) VALUES (?, ?, ?, ?)"
_DROP = "DELETE FROM indexed WHERE work_key IN (SELECT value FROM json_each(?))"
_TEXTS = "SELECT id, body FROM catalogue.text_version WHERE id IN (SELECT value FROM json_each(?))"
_LONG = 400  # bytes from which on packing pays


@dataclass(frozen=True, slots=True)
class Words:
    """What is indexed of a work: names of its artist now and once, tags by id, its text by its version."""

    key: int
    title: str
    artist: tuple[str, ...]
    caption: str
    guess: str
    tags: tuple[int, ...]
    text_id: int | None


def known(raw: sqlite3.Connection, keys: Collection[int]) -> dict[int, Words]:
    """Return what is indexed of these works."""
    found = {}
    for key, packed, tags, text_id in raw.execute(_KNOWN, (listed(keys),)):
        title, artist, caption, guess = json.loads(packed if packed[:1] == b"[" else zlib.decompress(packed))
        found[key] = Words(key, title, tuple(artist), caption, guess, tuple(json.loads(tags)), text_id)
    return found


def replace(
    raw: sqlite3.Connection, old: Iterable[Words], new: Collection[Words], gone: Collection[int], tag: Pieces
) -> None:
    """Take rows out of the index, and put others in. `gone`: works that are not indexed any more."""
    old = list(old)
    texts = _Texts(raw, {words.text_id for words in (*old, *new) if words.text_id is not None})
    raw.executemany(_TAKE_OUT, _rows(old, texts, tag))
    raw.executemany(_PUT, _rows(new, texts, tag))
    raw.executemany(_KEEP, map(_kept, new))
    if gone:
        raw.execute(_DROP, (listed(gone),))


def _rows(works: Iterable[Words], texts: "_Texts", tag: Pieces) -> Iterator[tuple[int | str, ...]]:
    """Make one row after the other: in between SQLite works, and lets other threads go on."""
    for work in works:
        tags = column(map(tag, work.tags))
        yield (
            work.key,
            column([pieces(work.title)]),
            _of_artist(work.artist),
            " ".join([tags, *(f"t{number}" for number in work.tags)]),
            column([pieces(plain.caption(work.caption))]) if work.caption else "",
            texts.column(work.text_id),
            column([pieces(work.guess)]) if work.guess else "",
        )


@lru_cache(1024)
def _of_artist(names: tuple[str, ...]) -> str:
    return column(map(pieces, names))


def _kept(words: Words) -> tuple[int, bytes, str, int | None]:
    told = json.dumps([words.title, words.artist, words.caption, words.guess], ensure_ascii=False).encode()
    packed = zlib.compress(told, 1) if len(told) > _LONG else told
    return words.key, packed, listed(words.tags), words.text_id


class _Texts:
    """The novels that a batch is about; each is read when its turn comes."""

    def __init__(self, raw: sqlite3.Connection, ids: Collection[int]) -> None:
        self._bodies: Mapping[int, bytes] = dict(raw.execute(_TEXTS, (listed(ids),))) if ids else {}

    def column(self, text_id: int | None) -> str:
        body = self._bodies.get(text_id or 0)
        if body is None:
            return ""  # none, or of something forgotten; what is left of it in the index is found by nobody
        try:
            text = zlib.decompress(body).decode("utf-8", "surrogatepass")
        except (zlib.error, UnicodeDecodeError):
            return ""  # garbled on disk, which `verify` and `reindex` tell
        return column([pieces(plain.novel(text))])
