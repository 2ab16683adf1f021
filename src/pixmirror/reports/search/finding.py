"""`search` and the page of the same name: what a text finds, newest first, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.refs import Ref, parse_ref
from pixmirror.catalogue.search.fold import whole
from pixmirror.catalogue.sql import listed, rows
from pixmirror.clock import Clock
from pixmirror.errors import ConfigError
from pixmirror.reports.search import match, scan
from pixmirror.reports.search.freshness import freshness, is_attached
from pixmirror.reports.search.hits import Hit, hits, where_matched
from pixmirror.reports.search.match import Way
from pixmirror.reports.search.query import Field, Query, parse, unknown_fields
from pixmirror.reports.search.scan import Matched

CANDIDATES = 50_000  # works with the words, of which the other conditions are looked at in one go
ROUNDS = 4  # so often, as long as none of them meets them
END = 2**62  # above every key
_GUESSED = "g"  # a cursor among works of which only a guessed reading fits

_WORDS = """
SELECT rowid AS work_key FROM search.words
WHERE words MATCH :match AND rowid < :below ORDER BY rowid DESC LIMIT :candidates"""
_THERE = "SELECT work_key FROM work WHERE work_key IN (SELECT value FROM json_each(:keys))"
_OF_USER = """
SELECT work_key FROM work WHERE user_id = :user AND work_key < :below ORDER BY work_key DESC LIMIT :limit"""


@dataclass(frozen=True, slots=True)
class Chip:
    """How a part of the text was understood: `means` what it was taken for, too.

    `without` is the text that leaves it out; `is_ignored`: it holds nothing to search for.
    """

    field: Field
    text: str
    is_excluded: bool
    means: tuple[str, ...]
    without: str
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """The works that a search found. `matched`: where, as far as that is known; the others meet `ways`.

    `after` is where the next page begins, None at the end; `note`: what this search does not find.
    """

    keys: tuple[int, ...] = ()
    chips: tuple[Chip, ...] = ()
    after: str | None = None
    note: str | None = None
    matched: Mapping[int, Matched] = field(default_factory=dict)
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The works with what is shown of each, and how the text was understood; else as Keys."""

    hits: tuple[Hit, ...]
    chips: tuple[Chip, ...]
    after: str | None
    note: str | None


def find(
    conn: Connection, text: str, limit: int = 60, after: str | None = None, *, now: int | None = None
) -> Found:
    """Return works that meet all of a text, as `find_keys`, and where each of them matched."""
    found = find_keys(conn, text, limit, after, now=now)
    left = [key for key in found.keys if key not in found.matched]
    where = {**found.matched, **where_matched(conn, left, found.ways)}
    return Found(hits(conn, {key: where[key] for key in found.keys}), found.chips, found.after, found.note)


def find_keys(
    conn: Connection, text: str | Query, limit: int = 60, after: str | None = None, *, now: int | None = None
) -> Keys:
    """Return works that meet all of a text. ConfigError for one that cannot be understood.

    For the next page pass the `after` of the last one. Without search.db all works are gone through.
    """
    query = parse(text) if isinstance(text, str) else text
    found = _find_keys(conn, query, limit, after, now)
    told = None if found.keys or after is not None or _ref(query.text) else unknown_fields(query)
    return replace(found, note=" ".join(filter(None, (told, found.note)))) if told else found


def _find_keys(conn: Connection, query: Query, limit: int, after: str | None, now: int | None) -> Keys:
    state = freshness(conn, Clock().now() if now is None else now)
    ref = _ref(query.text)
    if ref is not None and ref.kind == "user":
        return _of_user(conn, query, ref.id, limit, after)
    named = _named(conn, ref, query.text, limit) if ref is not None and after is None else {}
    if not state.is_usable:
        return _scanned(conn, query, named, limit, after, state.note)
    ways = match.ways(conn, query, _aliases(conn))
    chips = tuple(_chip(query, way) for way in ways)
    keys, following = _page(conn, ways, max(limit - len(named), 1), after, guesses=state.guesses)
    return Keys(tuple(dict.fromkeys([*named, *keys])), chips, following, state.note, named, ways)


def _chip(query: Query, way: Way) -> Chip:
    term = way.term
    return Chip(term.field, term.text, term.excluded, way.means, query.without(term), way.is_ignored)


# --- by search.db


def _page(
    conn: Connection, ways: Sequence[Way], limit: int, after: str | None, *, guesses: bool
) -> tuple[list[int], str | None]:
    """Return works, and where the next page begins. What only a guessed reading finds comes last."""
    if all(way.is_ignored for way in ways):
        return [], None
    known = match.expression(ways)
    keys: list[int] = []
    is_guessed = after is not None and after.startswith(_GUESSED)
    below = END if after is None else int(after.removeprefix(_GUESSED))
    if not is_guessed:
        keys, last = _keys(conn, ways, known, below, limit)
        if last is not None:
            return keys, str(last)
        below = END
    wider = match.expression(ways, guesses=True) if guesses else known
    if wider == known:
        return keys, None
    more, last = _keys(conn, ways, f"({wider}) NOT ({known})", below, limit - len(keys))
    return keys + more, None if last is None else f"{_GUESSED}{last}"


def _keys(
    conn: Connection, ways: Sequence[Way], words: str, below: int, limit: int
) -> tuple[list[int], int | None]:
    """Return works below a key, and the key below which the next ones lie; None at the end."""
    if limit <= 0:
        return [], below
    where, bound = match.conditions(ways)
    months = [way.where for way in ways if way.term.field == "posted" and not way.term.excluded]
    if months:
        # Ids rise with time: what lies above those of these months need not be looked at.
        sql = f"SELECT max(work_key) AS last FROM search.grid g WHERE {' AND '.join(months)}"
        below = min(below, (rows(conn, sql, **bound)[0].last or 0) + 1)
    if tombstones.has_any(conn):
        where.append(tombstones.not_forgotten_sql("g.work_key", "g.user_id"))
    bound |= {"below": below, "limit": limit, "match": words, "candidates": CANDIDATES}
    if not words:
        keys = _by_grid(conn, where, bound, few=bool(months))
        return keys, keys[-1] if len(keys) == limit else None
    if not where:
        found = rows(conn, _WORDS, match=words, below=below, candidates=limit)
        keys = [row.work_key for row in found]
        return keys, keys[-1] if len(keys) == limit else None
    sql = f"""
    SELECT f.work_key FROM ({_WORDS}) f CROSS JOIN search.grid g ON g.work_key = f.work_key
    WHERE {" AND ".join(where)} LIMIT :limit"""
    rounds = 0
    while True:
        keys = [row.work_key for row in rows(conn, sql, **bound)]
        if len(keys) == limit:
            return keys, keys[-1]
        looked = rows(conn, f"SELECT count(*) AS n, min(work_key) AS last FROM ({_WORDS})", **bound)[0]
        is_last, rounds = looked.n < CANDIDATES, rounds + 1
        if keys or is_last or rounds == ROUNDS:
            return keys, None if is_last else looked.last
        bound["below"] = looked.last


def _by_grid(conn: Connection, where: Sequence[str], bound: Mapping[str, Any], *, few: bool) -> list[int]:
    """Return works that meet conditions alone; `few` of all works can, which an index finds."""
    met = " AND ".join(["g.work_key < :below", *where])
    order = "+g.work_key" if few else "g.work_key"
    sql = f"SELECT g.work_key FROM search.grid g WHERE {met} ORDER BY {order} DESC LIMIT :limit"
    return [row.work_key for row in rows(conn, sql, **bound)]


def _aliases(conn: Connection) -> dict[str, tuple[str, ...]]:
    """Return what the user means by words, by the folded word."""
    found: dict[str, tuple[str, ...]] = {}
    if is_attached(conn, "own"):
        for row in rows(conn, "SELECT word, means FROM own.alias ORDER BY id"):
            found[whole(row.word)] = (*found.get(whole(row.word), ()), row.means)
    return found


# --- by id, and without search.db


def _ref(text: str) -> Ref | None:
    try:
        return parse_ref(text)
    except ConfigError:
        return None


def _named(conn: Connection, ref: Ref, text: str, limit: int) -> dict[int, Matched]:
    """Return the works that the text names by id or URL; by a bare id also those of the user who has it."""
    key, found = ref.work_key or 0, dict[int, Matched]()
    keys = [key | 1, key] if text.isdigit() else [key]
    there = {r.work_key for r in rows(conn, _THERE, keys=listed(keys))} - tombstones.works(conn, keys)
    found |= dict.fromkeys((key for key in dict.fromkeys(keys) if key in there), "id")
    if text.isdigit():
        found |= dict.fromkeys(_works_of(conn, ref.id, END, limit - len(found)), "user")
    return found


def _of_user(conn: Connection, query: Query, user: int, limit: int, after: str | None) -> Keys:
    keys = _works_of(conn, user, END if after is None else int(after), limit)
    chip = Chip("artist", query.text, is_excluded=False, means=(), without="")
    found: dict[int, Matched] = dict.fromkeys(keys, "user")
    return Keys(tuple(keys), (chip,), str(keys[-1]) if len(keys) == limit else None, matched=found)


def _works_of(conn: Connection, user: int, below: int, limit: int) -> list[int]:
    if tombstones.people(conn, (user,)):
        return []
    keys = [row.work_key for row in rows(conn, _OF_USER, user=user, below=below, limit=limit)]
    return [key for key in keys if key not in tombstones.works(conn, keys)]


def _scanned(
    conn: Connection,
    query: Query,
    named: Mapping[int, Matched],
    limit: int,
    after: str | None,
    note: str | None,
) -> Keys:
    one = query.terms[0] if len(query.terms) == 1 else None
    text = one.text if one is not None and (one.field or one.is_phrase) else query.typed
    below = END if after is None else int(after.removeprefix(_GUESSED))
    few = max(limit - len(named), 1)
    found = scan.scan(conn, text, below, few)
    following = str(min(found)) if len(found) == few else None
    shown = dict(named) | {key: where for key, where in found.items() if key not in named}
    chips = tuple(Chip(t.field, t.text, t.excluded, (), query.without(t)) for t in query.terms)
    return Keys(tuple(shown), chips, following, note, shown)
