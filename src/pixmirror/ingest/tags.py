"""Tags of the works of a page: names in order, translations by language, and the counter of each tag."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, insert, or_, text
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from pixmirror.catalogue.schema import tag, tag_reading, tag_translation, translation_seen, work_tag
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import KEYS, Many, changed, excluded, listed, rows, upsert, value
from pixmirror.clock import DAY_MS
from pixmirror.models import Reading, Tag

_IDS = "SELECT name, id FROM tag WHERE name IN (SELECT value FROM json_each(:names))"
_NEW = Many(insert(tag))
_COUNT = Many("UPDATE tag SET works = works + :more WHERE id = :id")
_LINK = Many(insert(work_tag))
_differs = tag_translation.c.text.is_distinct_from(excluded(tag_translation).c.text)
_TRANSLATE = Many(upsert(tag_translation, "text", "seen_at", where=_differs))
_is_older = translation_seen.c.last_seen <= excluded(translation_seen).c.last_seen - DAY_MS
# Else a text that came back within a day would be older than the one that it followed. As text, for SQLAlchemy
# does not correlate a subquery with the row of an upsert: it would go through the whole table for each row.
_is_not_the_last = text("""
EXISTS (SELECT 1 FROM translation_seen AS other WHERE other.name = translation_seen.name
  AND other.language = translation_seen.language AND other.text != translation_seen.text
  AND other.last_seen >= translation_seen.last_seen)""")
_SEEN = Many(upsert(translation_seen, "last_seen", where=or_(_is_older, _is_not_the_last)))
_READ = Many(sqlite_insert(tag_reading).on_conflict_do_nothing())
_TRANSLATED = """
SELECT g.name, t.text FROM tag g JOIN tag_translation t ON t.tag_id = g.id
WHERE g.name IN (SELECT value FROM json_each(:names)) AND t.language = :language"""


def write_tags(conn: Connection, now: Mapping[int, list[str]], before: Mapping[int, list[str]]) -> dict[str, int]:
    """Write the tags of works that have others `now` than `before` (absent there: a new work).

    Returns the ids of these tags.
    """
    more: Counter[str] = Counter()
    for key, named in now.items():
        more.update(named)
        more.subtract(before.get(key, ()))
    ids = tag_ids(conn, more)
    _COUNT(conn, [{"id": ids[name], "more": n} for name, n in more.items() if n])
    if gone := [key for key in now if key in before]:
        changed(conn, f"DELETE FROM work_tag WHERE work_key {KEYS}", keys=listed(gone))
    links = sorted((ids[name], key, i) for key, of_work in now.items() for i, name in enumerate(of_work))
    _LINK(conn, [{"tag_id": t, "work_key": key, "position": i} for t, key, i in links])
    return ids


def record_translations(
    conn: Connection,
    seen: Seen,
    told: Iterable[Sequence[Tag]],
    settled: Sequence[Sequence[Tag]],
    ids: Mapping[str, int],
) -> None:
    """Record what the tags of a page's works are called in this language; `ids` of those that are known already.

    Translations move by themselves, also of works that are `settled`: of each of these one is looked at, another
    one each day, and all of them once one differs.
    """
    day = seen.now // DAY_MS
    texts = _texts(told)
    samples = _texts((tags[day % len(tags)],) for tags in settled if tags)
    if samples:
        known: dict[str, str] = dict(rows(conn, _TRANSLATED, names=listed(samples), language=seen.language))
        texts |= samples if known == samples else _texts(settled)
    if not texts:
        return
    missing = dict.fromkeys((name for name in texts if name not in ids), 0)
    ids = {**ids, **tag_ids(conn, missing)}
    row: dict[str, str | int] = {"language": seen.language, "seen_at": seen.now}
    _TRANSLATE(conn, [row | {"tag_id": ids[name], "text": text} for name, text in texts.items()])
    row = {"language": seen.language, "first_seen": seen.now, "last_seen": seen.now}
    _SEEN(conn, [row | {"name": name, "text": text} for name, text in texts.items()])


def record_readings(conn: Connection, told: Iterable[Reading], source: str, now: int) -> None:
    """Record how tags are read, each way once."""
    one = {"source": source, "seen_at": now}
    _READ(conn, [one | {"name": r.name, "kind": r.kind, "text": r.text} for r in told])


def _texts(works: Iterable[Sequence[Tag]]) -> dict[str, str]:
    return {t.name: t.translated_name for tags in works for t in tags if t.translated_name}


def tag_ids(conn: Connection, wanted: Mapping[str, int]) -> dict[str, int]:
    """Return the ids of these names, and add unknown ones: as the only writer we may number them ourselves."""
    if not wanted:
        return {}
    ids: dict[str, int] = dict(rows(conn, _IDS, names=listed(wanted)))
    missing = [name for name in wanted if name not in ids]
    if missing:
        last = value(conn, "SELECT coalesce(max(id), 0) FROM tag")
        new = {name: last + 1 + i for i, name in enumerate(missing)}
        _NEW(conn, [{"id": i, "name": name, "works": 0} for name, i in new.items()])
        ids |= new
    return ids
