"""Tags of the works of a page: names in order, translations by language, and the counter of each tag."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from pixmirror.catalogue.schema import tag, tag_translation, work_tag
from pixmirror.catalogue.seen import Seen, among, listed
from pixmirror.catalogue.statements import Many
from pixmirror.models import Tag

_IDS = select(tag.c.name, tag.c.id).where(among(tag.c.name, "names"))
_LAST = select(func.coalesce(func.max(tag.c.id), 0))
_NEW = Many(insert(tag))
_COUNT = Many(update(tag).where(tag.c.id == bindparam("b_id")).values(works=tag.c.works + bindparam("more")))
_UNLINK = delete(work_tag).where(among(work_tag.c.work_key, "keys"))
_LINK = Many(insert(work_tag))
_translation = upsert(tag_translation)
_TRANSLATE = Many(
    _translation.on_conflict_do_update(
        index_elements=["tag_id", "language"],
        set_={"text": _translation.excluded.text, "seen_at": _translation.excluded.seen_at},
        where=tag_translation.c.text.is_distinct_from(_translation.excluded.text),
    )
)


def names(tags: Sequence[Tag]) -> list[str]:
    """Names in order, each once."""
    return list(dict.fromkeys(t.name for t in tags))


def write(
    conn: Connection,
    seen: Seen,
    changed: Mapping[int, list[str]],
    before: Mapping[int, list[str]],
    translations: Mapping[str, str],
) -> None:
    """`changed`: the tags of works whose tags differ from `before` (absent there: a new work)."""
    more: Counter[str] = Counter()
    for key, now_named in changed.items():
        more.update(now_named)
        more.subtract(before.get(key, ()))
    ids = ids_of(conn, {**more, **dict.fromkeys(translations, 0)})
    moved = [{"b_id": ids[name], "more": n} for name, n in more.items() if n]
    if moved:
        _COUNT(conn, moved)
    gone = [key for key in changed if key in before]
    if gone:
        conn.execute(_UNLINK, {"keys": listed(gone)})
    links = sorted((ids[name], key, i) for key, of_work in changed.items() for i, name in enumerate(of_work))
    if links:
        _LINK(conn, [{"tag_id": t, "work_key": key, "position": i} for t, key, i in links])
    if translations:
        _TRANSLATE(
            conn,
            [
                {"tag_id": ids[name], "language": seen.language, "text": text, "seen_at": seen.now}
                for name, text in translations.items()
            ],
        )


def ids_of(conn: Connection, wanted: Mapping[str, int]) -> dict[str, int]:
    """Ids of all these names; unknown ones are added. There is one writer, so we may number them ourselves."""
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
