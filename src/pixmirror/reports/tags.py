"""Tags: all of them by how many works have them, page by page; and one with what it is called and goes with."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.search.fold import whole
from pixmirror.catalogue.sql import listed, made, row, rows, value
from pixmirror.reports.filters import LONGEST, Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import VISIBLE, allowed, visible

SHOWN = 120  # tags of a page
RELATED = 16
LOOKED_AT = 500  # of the newest works of a tag, for what goes with it
NEWEST = 60

# All tags are gone through, as no index goes by `works`, which moves with every work that comes in.
_PAGE = """
SELECT id, name, works FROM tag WHERE works > 0 AND (works, id) < (:works, :id)
ORDER BY works DESC, id DESC LIMIT :most"""
_LATEST = "SELECT work_key FROM work_tag WHERE tag_id = {tag} ORDER BY work_key DESC LIMIT :looked"
_SOME_VISIBLE = f"""
SELECT t.value FROM json_each(:ids) t WHERE EXISTS (
  SELECT 1 FROM ({_LATEST.format(tag="t.value")}) l CROSS JOIN work w ON w.work_key = l.work_key
  WHERE {VISIBLE})"""
# With + each work is looked up once, not once for each tag of the page: 13 ms instead of 79 for 5,000 works.
_FORGOTTEN = f"""
WITH forgotten AS MATERIALIZED ({tombstones.ALL_WORKS})
SELECT l.tag_id, count(*) AS works FROM forgotten f
CROSS JOIN work_tag l INDEXED BY work_tag_by_work ON l.work_key = f.work_key
WHERE +l.tag_id IN (SELECT value FROM json_each(:ids)) GROUP BY +l.tag_id"""
_ONE = "SELECT id, name FROM tag WHERE id = :id"
_HAS_WORKS = f"""
SELECT 1 FROM work_tag l CROSS JOIN work w ON w.work_key = l.work_key
WHERE l.tag_id = :id AND {tombstones.not_forgotten_sql("w.work_key")} LIMIT 1"""
_UNRATED = f"""
SELECT 1 FROM ({_LATEST.format(tag=":id")}) l CROSS JOIN work w ON w.work_key = l.work_key
WHERE w.x_restrict = 0 LIMIT 1"""
_TRANSLATIONS = """
SELECT t.id, s.language, s.text FROM tag t JOIN translation_seen s ON s.name = t.name
WHERE t.id IN (SELECT value FROM json_each(:ids)) ORDER BY s.last_seen DESC, s.text"""
_READINGS = """
SELECT t.id, r.text FROM tag t JOIN tag_reading r ON r.name = t.name
WHERE t.id IN (SELECT value FROM json_each(:ids)) ORDER BY r.kind DESC, r.seen_at DESC"""
_SEEN = """
SELECT language, text, first_seen, last_seen FROM translation_seen
WHERE name = :name ORDER BY language, last_seen DESC, text"""
_ALIASES = "SELECT id, word, means FROM own.alias ORDER BY word, id"
# Of the latest works; a tag that nearly all works have says little, so it counts for less.
_RELATED = f"""
SELECT t.id, t.name FROM (
  SELECT o.tag_id, count(*) AS both FROM ({_LATEST.format(tag=":id")}) l
  CROSS JOIN work w ON w.work_key = l.work_key
  CROSS JOIN work_tag o INDEXED BY work_tag_by_work ON o.work_key = l.work_key
  WHERE o.tag_id != :id AND {VISIBLE} GROUP BY o.tag_id) r
CROSS JOIN tag t ON t.id = r.tag_id ORDER BY r.both * r.both * 1.0 / max(t.works, 1) DESC, t.id LIMIT :most"""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag with its words. `translations`: language and text, all that it ever had, the last first."""

    id: int
    name: str
    translations: tuple[tuple[str, str], ...] = ()
    readings: tuple[str, ...] = ()  # in kana first

    @property
    def translation(self) -> str:
        """Return the one that is shown beside it: English where there is one."""
        english = (text for language, text in self.translations if language.startswith("en"))
        return next(english, self.translations[0][1] if self.translations else "")

    @property
    def other_words(self) -> tuple[str, ...]:
        """Return how it is read, and all that it was ever translated with."""
        return tuple(dict.fromkeys((*self.readings, *(text for _, text in self.translations))))

    @property
    def is_askable(self) -> bool:
        """Return whether `tag=` of an address can name it; a - before it would ask for works without it."""
        name = self.name
        return len(name) <= LONGEST and name == name.strip() and not name.startswith("-") and "\0" not in name


@dataclass(frozen=True, slots=True)
class Counted:
    """A tag in the list. `works` is None where some are hidden: then their number is not told either."""

    tag: Tag
    works: int | None


@dataclass(frozen=True, slots=True)
class Tags:
    """A page of tags; the next one begins after `after`, a number of works and an id, None at the end."""

    tags: tuple[Counted, ...]
    after: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Translation:
    """A text that Pixiv translated a tag with, and when it was seen first and last (ms UTC)."""

    language: str
    text: str
    since: int
    last: int


@dataclass(frozen=True, slots=True)
class Alias:
    """A word of the user's own for a tag."""

    id: int
    word: str


@dataclass(frozen=True, slots=True)
class TagHead:
    """What stands above the works of a tag.

    `newest` are its newest works where it is not askable: its page cannot go through all of them then. `is_rated`:
    all of its newest works are, so its name tells as much as their titles.
    """

    tag: Tag
    translations: tuple[Translation, ...]
    aliases: tuple[Alias, ...]
    related: tuple[Tag, ...]
    newest: tuple[Tile, ...]
    is_rated: bool
    usual: Defaults


def tags(conn: Connection, after: tuple[int, int] | None = None) -> Tags:
    """Return the tags that follow a number of works and an id."""
    works, id_ = after or (2**62, 0)
    found = rows(conn, _PAGE, works=works, id=id_, most=SHOWN + 1)
    shown, usual = found[:SHOWN], defaults(conn)
    ids = [r.id for r in shown]
    counts: dict[int, int | None] = {r.id: r.works for r in shown}
    if "hide" in (usual.rating, usual.ai):
        some = rows(conn, _SOME_VISIBLE, ids=listed(ids), looked=LOOKED_AT, **allowed(usual))
        counts = {r.value: None for r in some}
    elif tombstones.has_any(conn):
        gone = {r.tag_id: r.works for r in rows(conn, _FORGOTTEN, ids=listed(ids))}
        counts = {r.id: left for r in shown if (left := r.works - gone.get(r.id, 0)) > 0}
    named = tags_called(conn, [(r.id, r.name) for r in shown if r.id in counts])
    return Tags(
        tuple(Counted(one, counts[one.id]) for one in named),
        (shown[-1].works, shown[-1].id) if len(found) > SHOWN else None,
    )


def tag(conn: Connection, id_: int) -> TagHead | None:
    """Return what stands above the works of a tag; None where no work has it."""
    found = row(conn, _ONE, id=id_)
    if found is None or value(conn, _HAS_WORKS, id=id_) is None:
        return None
    usual = defaults(conn)
    (one,) = tags_called(conn, [(found.id, found.name)])
    related = rows(conn, _RELATED, id=id_, looked=LOOKED_AT, most=RELATED, **allowed(usual))
    keys = [] if one.is_askable else rows(conn, _LATEST.format(tag=":id"), id=id_, looked=NEWEST)
    return TagHead(
        one,
        made(conn, Translation, _SEEN, name=one.name),
        tuple(_aliases(conn, one)),
        tags_called(conn, [(r.id, r.name) for r in related]),
        visible(conn, [r.work_key for r in keys], usual),
        value(conn, _UNRATED, id=id_, looked=LOOKED_AT) is None,
        usual,
    )


def tags_called(conn: Connection, named: Collection[tuple[int, str]]) -> tuple[Tag, ...]:
    """Return tags, given as id and name, in this order with all that they are called."""
    ids = listed(tag_id for tag_id, _ in named)
    translations: dict[int, list[tuple[str, str]]] = {}
    for tag_id, language, text in rows(conn, _TRANSLATIONS, ids=ids):
        translations.setdefault(tag_id, []).append((language, text))
    readings: dict[int, list[str]] = {}
    for tag_id, text in rows(conn, _READINGS, ids=ids):
        readings.setdefault(tag_id, []).append(text)
    return tuple(
        Tag(tag_id, name, tuple(translations.get(tag_id, ())), tuple(readings.get(tag_id, ())))
        for tag_id, name in named
    )


def _aliases(conn: Connection, one: Tag) -> Iterable[Alias]:
    """Yield the user's words that find this tag, by any of its own."""
    words = {whole(word) for word in (one.name, *one.other_words)}
    return (Alias(r.id, r.word) for r in rows(conn, _ALIASES) if whole(r.means) in words)
