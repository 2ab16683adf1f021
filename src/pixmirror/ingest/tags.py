"""Tags of the works of a page: names in order, translations by language, and the counter of each tag."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from pixmirror.catalogue.schema import tag, tag_reading, tag_translation, translation_seen, work_tag
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import Many, among, excluded, listed, upsert
from pixmirror.clock import DAY_MS
from pixmirror.models import Reading, Tag

_IDS = select(tag.c.name, tag.c.id).where(among(tag.c.name, "names"))
_LAST = select(func.coalesce(func.max(tag.c.id), 0))
_NEW = Many(insert(tag))
_COUNT = Many(update(tag).where(tag.c.id == bindparam("b_id")).values(works=tag.c.works + bindparam("more")))
_UNLINK = delete(work_tag).where(among(work_tag.c.work_key, "keys"))
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
_TRANSLATED = (
    select(tag.c.name, tag_translation.c.text)
    .join(tag_translation, tag_translation.c.tag_id == tag.c.id)
    .where(among(tag.c.name, "names"), tag_translation.c.language == bindparam("language"))
)


def write_tags(
    conn: Connection, changed: Mapping[int, list[str]], before: Mapping[int, list[str]]
) -> dict[str, int]:
    """Write `changed`, the tags of works whose tags differ from `before` (absent there: a new work).

    Returns the ids of these tags.
    """
    more: Counter[str] = Counter()
    for key, now_named in changed.items():
        more.update(now_named)
        more.subtract(before.get(key, ()))
    ids = tag_ids(conn, more)
    moved = [{"b_id": ids[name], "more": n} for name, n in more.items() if n]
    if moved:
        _COUNT(conn, moved)
    gone = [key for key in changed if key in before]
    if gone:
        conn.execute(_UNLINK, {"keys": listed(gone)})
    links = sorted((ids[name], key, i) for key, of_work in changed.items() for i, name in enumerate(of_work))
    if links:
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
        bound = {"names": listed(samples), "language": seen.language}
        known: dict[str, str] = dict(conn.execute(_TRANSLATED, bound).all())
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
    rows = [{"name": r.name, "kind": r.kind, "text": r.text, "source": source, "seen_at": now} for r in told]
    _READ(conn, rows)


def _texts(works: Iterable[Sequence[Tag]]) -> dict[str, str]:
    return {t.name: t.translated_name for tags in works for t in tags if t.translated_name}


def tag_ids(conn: Connection, wanted: Mapping[str, int]) -> dict[str, int]:
    """Return the ids of these names, and add unknown ones: as the only writer we may number them ourselves."""
    if not wanted:
        return {}
    ids: dict[str, int] = dict(conn.execute(_IDS, {"names": listed(wanted)}).all())
    missing = [name for name in wanted if name not in ids]
    if missing:
        last = conn.execute(_LAST).scalar_one()
        new = {name: last + 1 + i for i, name in enumerate(missing)}
        _NEW(conn, [{"id": i, "name": name, "works": 0} for name, i in new.items()])
        ids |= new
    return ids
