"""What to offer while somebody types: tags, artists, the first works, and which of given names fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.search import romaji
from pixmirror.catalogue.search.fold import whole
from pixmirror.catalogue.search.schema import ARTIST, GUESS, READING
from pixmirror.catalogue.search.tokens import kana_phrase, phrase
from pixmirror.catalogue.sql import rows
from pixmirror.errors import ConfigError
from pixmirror.reports.filters import Defaults
from pixmirror.reports.search.finding import Chip, find_keys
from pixmirror.reports.search.freshness import is_attached
from pixmirror.reports.search.hits import stands
from pixmirror.reports.search.match import read_as
from pixmirror.reports.search.query import Field, Query, Term, parse
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import hidden_flags, visible

EACH = 6  # so many of each kind
MOST_NAMES = 2_000  # texts that are compared
LOOKED_AT = 10  # times as many tags and works, where some are hidden
NOTHING_HIDDEN = Defaults()

_TAGS = f"""
SELECT t.id, t.name, t.works,
  (SELECT text FROM search.name r WHERE r.kind = {READING} AND r.owner = t.id ORDER BY r.id LIMIT 1) AS reading,
  (SELECT text FROM tag_translation l WHERE l.tag_id = t.id ORDER BY l.language != 'en', l.language LIMIT 1)
    AS translation
FROM (SELECT n.owner AS id, max(n.folded = :whole) AS is_whole, max(n.kind != {GUESS}) AS is_known
  FROM (SELECT rowid FROM search.names WHERE names MATCH :match LIMIT {MOST_NAMES}) f
  JOIN search.name n ON n.id = f.rowid WHERE n.kind != {ARTIST} GROUP BY n.owner) m JOIN tag t ON t.id = m.id
WHERE t.works > 0 ORDER BY m.is_whole DESC, m.is_known DESC, t.works DESC LIMIT :most"""
# Of a tag of many works the newest say whether any is shown.
_SHOWN_TAGS = f"""
SELECT * FROM ({_TAGS.replace(":most", f":most * {LOOKED_AT}")}) t
WHERE EXISTS (SELECT 1 FROM
    (SELECT work_key FROM work_tag WHERE tag_id = t.id ORDER BY work_key DESC LIMIT 500) l
  CROSS JOIN search.grid g ON g.work_key = l.work_key WHERE g.flags & :hidden = 0)
LIMIT :most"""
_ARTISTS = f"""
SELECT m.id, coalesce(nullif(u.name, ''), u.account) AS name, m.text,
  (SELECT count(*) FROM search.grid g WHERE g.user_id = m.id AND g.flags & :hidden = 0) AS works
FROM (SELECT n.owner AS id, max(n.folded = :whole) AS is_whole, min(n.text) AS text
  FROM (SELECT rowid FROM search.names WHERE names MATCH :match LIMIT {MOST_NAMES}) f
  JOIN search.name n ON n.id = f.rowid WHERE n.kind = {ARTIST} GROUP BY n.owner
  ORDER BY 2 DESC LIMIT 200) m
JOIN user u ON u.id = m.id WHERE :hidden = 0 OR works > 0 ORDER BY m.is_whole DESC, works DESC LIMIT :most"""


@dataclass(frozen=True, slots=True)
class TagHint:
    """A tag, and the text that asks for it instead of what was typed. `works` is None where some may be hidden."""

    id: int
    name: str
    works: int | None
    translation: str | None
    reading: str | None
    query: str


@dataclass(frozen=True, slots=True)
class ArtistHint:
    """An artist; `was`: the other name that fits, if theirs of today does not."""

    user_id: int
    name: str
    works: int
    was: str | None
    query: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """`problem` says what cannot be understood of the text as it stands."""

    tags: tuple[TagHint, ...] = ()
    artists: tuple[ArtistHint, ...] = ()
    works: tuple[Tile, ...] = ()
    chips: tuple[Chip, ...] = ()
    note: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A search that the user keeps under a name."""

    id: int
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class _Typed:
    """The words that are being typed, what may complete them, and the text before them."""

    words: tuple[str, ...]
    field: Field
    before: str

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def completed(self, field: Field, name: str) -> str:
        space = "" if not self.before or self.before.endswith("-") else " "
        return f"{self.before}{space}{field}:{_quoted(name)}"


def suggest(conn: Connection, text: str, usual: Defaults = NOTHING_HIDDEN) -> Suggestions:
    """Return what a text may become, and the first works that it finds as it stands; nothing of what is hidden."""
    hidden = hidden_flags(usual)
    try:
        query = parse(text)
        found = find_keys(conn, query, EACH * (LOOKED_AT if hidden else 1))
    except ConfigError as error:
        return Suggestions(problem=str(error)) if text.strip() else Suggestions()
    told = (visible(conn, found.keys, usual)[:EACH], found.chips, found.note)
    if not is_attached(conn, "search"):
        return Suggestions((), (), *told)
    tags: tuple[TagHint, ...] = ()
    artists: tuple[ArtistHint, ...] = ()
    for typed in _typed(query):
        tags = tags or (_tags(conn, typed, hidden) if typed.field in ("", "tag") else ())
        artists = artists or (_artists(conn, typed, hidden) if typed.field in ("", "artist") else ())
    return Suggestions(tags, artists, *told)


def saved_searches(conn: Connection) -> tuple[Saved, ...]:
    """Return the searches that the user keeps, by name."""
    if not is_attached(conn, "own"):
        return ()
    return tuple(Saved(*row) for row in rows(conn, "SELECT id, name, query FROM own.saved_search ORDER BY name"))


def fitting(names: Sequence[str], text: str) -> list[int]:
    """Return which of these names (of pages, of actions) have all words of a text, by their places."""
    phrases = [one for word in text.split() if (one := phrase(word)) is not None]
    if not phrases:
        return []
    return [place for place, name in enumerate(names) if all(stands([one], [name]) for one in phrases)]


def _typed(query: Query) -> list[_Typed]:
    """Return what may be under way: the last words together, and the last one alone."""
    terms = query.terms
    if not terms:
        return []
    asked, last = query.text, terms[-1]
    plain = list(takewhile(_is_plain, reversed(terms)))[::-1]
    found = []
    if len(plain) > 1:
        found.append(_Typed(tuple(term.text for term in plain), "", asked[: plain[0].place[0]].strip()))
    before = f"{asked[: last.place[0]].strip()}{' -' if last.excluded else ''}".strip()
    return [*found, _Typed((last.text,), last.field, before)]


def _is_plain(term: Term) -> bool:
    return not (term.field or term.excluded or term.is_phrase)


def _tags(conn: Connection, typed: _Typed, hidden: int) -> tuple[TagHint, ...]:
    match = _all_words(typed, "tag")
    read = read_as("".join(typed.words))
    match = f"({match}) OR ({read})" if match and read else match or read
    bound = {"match": match, "whole": whole(typed.text), "most": EACH}
    if not match:
        return ()
    found = rows(conn, _SHOWN_TAGS, **bound, hidden=hidden) if hidden else rows(conn, _TAGS, **bound)
    return tuple(
        TagHint(
            r.id, r.name, None if hidden else r.works, r.translation, r.reading, typed.completed("tag", r.name)
        )
        for r in found
    )


def _artists(conn: Connection, typed: _Typed, hidden: int) -> tuple[ArtistHint, ...]:
    match = _all_words(typed, "artist")
    bound = {"match": match, "whole": whole(typed.text), "most": EACH, "hidden": hidden}
    found = rows(conn, _ARTISTS, **bound) if match else ()
    barred = tombstones.people(conn, [row.id for row in found])
    hints = []
    for row in found:
        fits = stands([p for word in typed.words if (p := phrase(word))], [row.name])
        was = None if fits else row.text
        if row.id not in barred:
            hints.append(ArtistHint(row.id, row.name, row.works, was, typed.completed("artist", row.name)))
    return tuple(hints)


def _all_words(typed: _Typed, column: str) -> str:
    """Return what finds the texts of one column that have all these words."""
    parts = []
    for word in typed.words:
        written = phrase(word)
        if written is None:
            return ""
        ways = [written, *map(kana_phrase, romaji.kana_of(word))]
        parts.append(f"({column} : ({' OR '.join(ways)}))")
    return " AND ".join(parts)


def _quoted(name: str) -> str:
    return f'"{name}"' if any(letter.isspace() for letter in name) else name
