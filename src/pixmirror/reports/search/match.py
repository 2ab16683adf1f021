"""What finds the works that a query means: expressions for the words of search.db, and conditions on the grid.

A word is looked for in titles, artists, tags, captions and novels; in romaji also as the kana that it stands for,
and by what tags are called elsewhere: translations and readings lead to tags, and their ids stand in the index. A
reading that is only guessed counts apart: what it alone finds comes after all else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.search import romaji
from pixmirror.catalogue.search.fold import whole
from pixmirror.catalogue.search.grid import month_of
from pixmirror.catalogue.search.schema import DOUBT, EDITED, GONE, GUESS, HIDDEN, READING, TRANSLATION
from pixmirror.catalogue.search.tokens import kana_phrase, phrase
from pixmirror.catalogue.sql import rows
from pixmirror.errors import ConfigError
from pixmirror.reports.search import query as asked
from pixmirror.reports.search.query import Query, Span, Term
from pixmirror.reports.search.scan import patterns

MOST_TAGS = 300  # that a word leads to: those with the most works
MOST_NAMES = 2_000  # texts of tags that a word is compared with
COMMENTS = 300_000  # the newest, that are looked through
NOTHING = "t0"  # no tag has this id
ANYWHERE = "{title artist tags caption text}"

_TAGS_CALLED = f"""
SELECT n.owner AS id, max(n.kind != {GUESS}) AS is_known
FROM (SELECT rowid FROM search.names WHERE names MATCH :match LIMIT {MOST_NAMES}) f
JOIN search.name n ON n.id = f.rowid JOIN tag t ON t.id = n.owner
WHERE n.kind IN ({TRANSLATION}, {READING}, {GUESS}) AND t.works > 0
GROUP BY n.owner ORDER BY t.works DESC LIMIT {MOST_TAGS}"""
_WHOLE_TAGS = f"SELECT DISTINCT owner AS id FROM search.name WHERE folded = :folded AND kind <= {TRANSLATION}"
_COMMENTED = """
g.work_key IN (SELECT c.work_key FROM
  (SELECT work_key, comment FROM comment ORDER BY comment_key DESC LIMIT {most}) c WHERE {likes})"""
_OLDER_COMMENTS = "SELECT 1 FROM comment ORDER BY comment_key DESC LIMIT 1 OFFSET :most"
_OF_FILES = "SELECT m.owner_id FROM media m WHERE +m.owner_kind = 'work' AND m.state = '{}'"
_IN_STATE = {
    "live": f"g.flags & {GONE | HIDDEN} = 0",
    "gone": f"g.flags & {GONE}",
    "hidden": f"g.flags & {HIDDEN}",
    "edited": f"g.flags & {EDITED}",
    "doubt": f"g.flags & {DOUBT}",
    "kept": f"""g.flags & {GONE} AND (EXISTS (
        {_OF_FILES.format("stored")} AND m.owner_kind = 'work' AND m.owner_id = g.work_key)
      OR EXISTS (SELECT 1 FROM text_version v WHERE v.work_key = g.work_key))""",
    # Twice, so that its partial index serves.
    "damaged": f"g.work_key IN ({_OF_FILES.format('damaged')} AND m.state IN ('gone', 'failed', 'damaged'))",
    "left-out": f"g.work_key IN ({_OF_FILES.format('refused')})",
    "waiting": f"g.work_key IN ({' UNION ALL '.join(map(_OF_FILES.format, ('wanted', 'waiting', 'fetching')))})",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How one term is looked for: by `phrases` in `columns`, by tags, or by a condition on the grid's row `g`.

    `guessed`: tags of which only a guessed reading fits. `meant`: what else the user means by it, each a way that
    must be met whole. `means`: how it was understood, in words.
    """

    term: Term
    columns: str = ""
    phrases: tuple[str, ...] = ()
    tags: tuple[int, ...] = ()
    guessed: tuple[int, ...] = ()
    meant: tuple["Way", ...] = ()
    where: str = ""
    bound: Mapping[str, Any] = field(default_factory=dict)
    means: tuple[str, ...] = ()

    @property
    def is_ignored(self) -> bool:
        """True for what holds nothing that could be looked for."""
        return not (self.phrases or self.tags or self.where)

    def expression(self, *, guesses: bool = False) -> str:
        """Return what finds it in `words`; "" for a condition."""
        parts = [f"{self.columns} : ({' OR '.join(self.phrases)})"] if self.phrases else []
        if tags := (*self.tags, *(self.guessed if guesses else ())):
            parts.append(f"tags : ({' OR '.join(f't{tag}' for tag in tags)})")
        if self.phrases and guesses and self.term.field in ("", "title"):
            parts.append(f"guess : ({' OR '.join(self.phrases)})")
        parts += [way.expression(guesses=guesses) for way in self.meant]
        return " OR ".join(f"({part})" for part in parts)


def ways(conn: Connection, query: Query, aliases: Mapping[str, Sequence[str]]) -> tuple[Way, ...]:
    """Return how each term of a query is looked for. `aliases`: what the user means by a word, folded."""
    return tuple(_way(conn, term, number, aliases) for number, term in enumerate(query.terms))


def expression(found: Iterable[Way], *, guesses: bool = False) -> str:
    """Return what finds the works that all of these find and those that are excluded don't; "" for all works."""
    found = [way for way in found if not way.is_ignored and not way.where]
    all_of = [way.expression(guesses=guesses) for way in found if not way.term.excluded]
    none_of = [way.expression() for way in found if way.term.excluded]
    wanted = " AND ".join(f"({one})" for one in all_of)
    return f"({wanted}) NOT ({' OR '.join(none_of)})" if wanted and none_of else wanted


def conditions(found: Sequence[Way]) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions on the grid's row `g`, and what they bind."""
    where = [f"NOT ({way.where})" if way.term.excluded else f"({way.where})" for way in found if way.where]
    bound = {name: value for way in found for name, value in way.bound.items()}
    unwanted = [w.expression() for w in found if w.term.excluded and not w.where and not w.is_ignored]
    if unwanted and not expression(found):
        where.append("g.work_key NOT IN (SELECT rowid FROM search.words WHERE words MATCH :none_of)")
        bound["none_of"] = " OR ".join(unwanted)
    return where, bound


def _way(conn: Connection, term: Term, number: int, aliases: Mapping[str, Sequence[str]]) -> Way:
    if term.field == "bookmarks":
        return _between(term, number, "g.bookmarks", asked.bookmarks(term.text))
    if term.field == "posted":
        return _between(term, number, "g.posted", asked.posted(term.text))
    if term.field == "state":
        return Way(term, where=_IN_STATE[term.text.lower()])
    if term.field == "comment":
        likes = {f"comment_{number}_{n}": pattern for n, pattern in enumerate(patterns(term.text))}
        where = " OR ".join(f"c.comment LIKE :{name} ESCAPE '@'" for name in likes)
        has_older = rows(conn, _OLDER_COMMENTS, most=COMMENTS)
        means = (f"among the newest {COMMENTS:,}",) if has_older else ()
        return Way(term, where=_COMMENTED.format(likes=where, most=COMMENTS), bound=likes, means=means)
    if term.field == "tag":
        tags = [row.id for row in rows(conn, _WHOLE_TAGS, folded=whole(term.text))]
        return Way(term, "tags", (NOTHING,) if not tags else (), tuple(tags))
    return _words(conn, term, aliases)


def _between(term: Term, number: int, column: str, span: Span) -> Way:
    first, last = f"first_{number}", f"last_{number}"
    where = []
    where += [f"{column} >= :{first}"] if span.first is not None else []
    where += [f"{column} <= :{last}"] if span.last is not None else []
    bound = {first: span.first, last: span.last}
    if term.field == "posted":
        from_month, to_month = f"from_month_{number}", f"to_month_{number}"
        # By its index; 0 where nobody knows when.
        where.append(f"g.month BETWEEN :{from_month} AND :{to_month}")
        bound[from_month] = max(1, month_of(span.first))
        bound[to_month] = month_of(span.last) or 999_912
    return Way(term, where=" AND ".join(where), bound={k: v for k, v in bound.items() if v is not None})


def _words(conn: Connection, term: Term, aliases: Mapping[str, Sequence[str]]) -> Way:
    written = phrase(term.text)
    if written is None:
        return Way(term)
    kana = () if term.is_phrase else romaji.kana_of(term.text)
    phrases = (written, *map(kana_phrase, kana))
    if term.field:
        return Way(term, term.field, phrases, means=kana[:1])
    called = rows(conn, _TAGS_CALLED, match=_called(term, phrases))
    meant = aliases.get(whole(term.text), ())
    return Way(
        term,
        ANYWHERE,
        phrases,
        tuple(row.id for row in called if row.is_known),
        tuple(row.id for row in called if not row.is_known),
        tuple(_meant(conn, term, text) for text in meant),
        means=(*kana[:1], *meant),
    )


def _called(term: Term, phrases: Sequence[str]) -> str:
    """Return what finds the texts of tags: their words, and how they are read from the beginning on."""
    written = f"tag : ({' OR '.join(phrases)})"
    read = "" if term.is_phrase else read_as(term.text)
    return f"({written}) OR ({read})" if read else written


def read_as(text: str) -> str:
    """Return what finds the tags whose reading begins with this, in romaji; "" for what is no romaji."""
    if (found := romaji.readings_of(text)) is None:
        return ""
    column, beginnings = found
    begins = " OR ".join(f'"{one}"*' for one in beginnings if one)
    return f"{column} : ({begins})" if begins else ""


def _meant(conn: Connection, term: Term, text: str) -> Way:
    """Return the way of what the user means by a word: one word or phrase."""
    try:
        (one,) = asked.parse(text).terms
    except (ConfigError, ValueError):
        one = Term("", text, is_phrase=True, place=term.place)
    found = _way(conn, one, 0, {})
    return Way(term, "tags", (NOTHING,)) if found.where or found.is_ignored or one.excluded else found
