"""Tags, their translations and series: what many works say together, gathered while they are replayed.

The newest payload decides, whichever work it is of. Kept in memory: one entry a tag, translation and series.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.schema import series, tag, tag_translation, translation_seen, work, work_tag
from pixmirror.catalogue.sql import Many, among, listed
from pixmirror.ingest.tags import tag_ids
from pixmirror.models import User
from pixmirror.rebuild.findings import Findings
from pixmirror.rebuild.replay import Replayed, Said, series_of

_IDS = select(tag.c.name, tag.c.id).where(among(tag.c.name, "names"))
_TRANSLATIONS = select(tag_translation).where(among(tag_translation.c.tag_id, "ids"))
_SERIES_ROWS = select(series).where(among(series.c.series_key, "keys"))
_IDLE = select(tag.c.id, tag.c.name).where(~exists().where(work_tag.c.tag_id == tag.c.id))
_UNTRANSLATE = Many(
    delete(tag_translation).where(
        tag_translation.c.tag_id == bindparam("b_id"), tag_translation.c.language == bindparam("b_language")
    )
)
_translation = insert(tag_translation)
_TRANSLATE = Many(
    _translation.on_conflict_do_update(
        index_elements=["tag_id", "language"],
        set_={name: getattr(_translation.excluded, name) for name in ("text", "seen_at")},
    )
)
_series = insert(series)
_SERIES = Many(
    _series.on_conflict_do_update(
        index_elements=["series_key"],
        set_={name: getattr(_series.excluded, name) for name in ("title", "user_id", "first_seen")},
    )
)
_linked = select(func.count()).where(work_tag.c.tag_id == tag.c.id).scalar_subquery()
_WRONG_COUNTS = select(tag.c.id, tag.c.name, tag.c.works, _linked.label("linked")).where(tag.c.works != _linked)
_COUNT = Many(update(tag).where(tag.c.id == bindparam("b_id")).values(works=bindparam("b_works")))
_no_tag = work_tag.c.tag_id.not_in(select(tag.c.id))
_no_work = work_tag.c.work_key.not_in(select(work.c.work_key))
_ORPHANS = tag_translation.c.tag_id.not_in(select(tag.c.id))


@dataclass(slots=True)
class SeriesSaid:
    payload_id: int
    title: str
    user_id: int | None
    first_at: int


@dataclass(slots=True)
class Names:
    """What all payloads together say of tags, series, and of users without payloads of their own."""

    language: str  # of payloads that do not name theirs
    known_users: frozenset[int]  # of whom payloads of their own are kept
    tags: set[str] = field(default_factory=set)
    translations: dict[tuple[str, str], tuple[int, str, int]] = field(default_factory=dict)
    series: dict[int, SeriesSaid] = field(default_factory=dict)
    people: dict[int, tuple[int, User, int]] = field(default_factory=dict)
    without_language: int = 0

    def add(self, replayed: Replayed) -> None:
        for said in replayed.said:
            if said.endpoint == LEGACY:
                # Its user has a payload of their own, and of series and translations a dump tells nothing.
                self.tags.update(t.name for t in said.work.tags)
                continue
            self._tags(said)
            self._series(said)
            person = said.work.user
            if person is not None and person.id and person.id not in self.known_users:
                known = self.people.get(person.id)
                if known is None or said.payload_id > known[0]:
                    since = said.at if known is None else min(known[2], said.at)
                    self.people[person.id] = (said.payload_id, person, since)

    def _tags(self, said: Said) -> None:
        language = said.language
        if language is None:
            self.without_language += 1
            language = self.language
        for t in said.work.tags:
            self.tags.add(t.name)
            if t.translated_name:
                slot = (t.name, language)
                known = self.translations.get(slot)
                if known is None or said.payload_id >= known[0]:
                    same = known is not None and known[1] == t.translated_name
                    at = known[2] if known is not None and same else said.at
                    self.translations[slot] = (said.payload_id, t.translated_name, at)

    def _series(self, said: Said) -> None:
        found = series_of(said)
        if found is None:
            return
        key, title = found
        user_id = said.work.user.id if said.work.user else None
        known = self.series.get(key)
        if known is None:
            self.series[key] = SeriesSaid(said.payload_id, title, user_id, said.at)
            return
        known.first_at = min(known.first_at, said.at)
        if (title or not known.title) and (said.payload_id > known.payload_id or not known.title):
            known.payload_id, known.title, known.user_id = said.payload_id, title, user_id


def seen_translations(conn: Connection) -> dict[tuple[str, str], tuple[int, str, int]]:
    """Return the text of each translation that was seen last, which payloads alone do not tell.

    That is the present one if it was ever seen: when a text was seen is known to the day.
    """
    s, t = translation_seen.c, tag_translation.c
    present = (t.tag_id == tag.c.id) & (t.language == s.language) & (t.text == s.text)
    joined = translation_seen.outerjoin(tag, tag.c.name == s.name).outerjoin(tag_translation, present)
    newest = select(s.name, s.language, s.text, s.first_seen).select_from(joined)
    rows = conn.execute(newest.order_by(t.tag_id.is_not(None), s.last_seen, s.text))
    return {(r.name, r.language): (0, r.text, r.first_seen) for r in rows}


def drop_loose_links(conn: Connection, findings: Findings) -> None:
    """Remove links of tags and works that are no more, so that a new tag does not inherit them."""
    loose = conn.execute(select(func.count()).select_from(work_tag).where(_no_tag | _no_work)).scalar_one()
    if loose:
        findings.differ("work_tag", "links of rows that are gone", "", loose, 0)
    if findings.write:
        conn.execute(delete(work_tag).where(_no_tag | _no_work))
        conn.execute(delete(tag_translation).where(_ORPHANS))


def rebuild_tags(conn: Connection, findings: Findings, names: Sequence[str]) -> None:
    """Make each name that a payload holds a tag, with works or without."""
    there = dict(conn.execute(_IDS, {"names": listed(names)}).all())
    missing = [name for name in names if name not in there]
    for name in missing:
        findings.differ("tag", name, "", None, "a row")
    if findings.write:
        tag_ids(conn, dict.fromkeys(missing, 0))


def rebuild_translations(
    conn: Connection, findings: Findings, chunk: Sequence[tuple[tuple[str, str], tuple[int, str, int]]]
) -> None:
    ids = dict(conn.execute(_IDS, {"names": listed({name for (name, _), _ in chunk})}).all())
    have = {(r.tag_id, r.language): r.text for r in conn.execute(_TRANSLATIONS, {"ids": listed(ids.values())})}
    rows = []
    for (name, language), (_, text, at) in chunk:
        found = have.get((ids.get(name, 0), language))
        if found != text:
            findings.differ("tag_translation", f"{name} ({language})", "text", found, text)
            rows.append({"tag_id": ids.get(name), "language": language, "text": text, "seen_at": at})
    if findings.write:
        _TRANSLATE(conn, rows)


def rebuild_series(conn: Connection, findings: Findings, chunk: Sequence[tuple[int, SeriesSaid]]) -> None:
    have = {r.series_key: r for r in conn.execute(_SERIES_ROWS, {"keys": listed(key for key, _ in chunk)})}
    rows = []
    for key, said in chunk:
        row = {"title": said.title, "user_id": said.user_id, "first_seen": said.first_at}
        if findings.row("series", key, have.get(key), row):
            rows.append(row | {"series_key": key})
    if findings.write:
        _SERIES(conn, rows)


def drop_unsaid(conn: Connection, findings: Findings, names: Names) -> None:
    """Remove tags, translations and series that no payload holds: ingestion would have left none."""
    idle = {r.id: r.name for r in conn.execute(_IDLE) if r.name not in names.tags}
    for name in idle.values():
        findings.differ("tag", name, "", "a row", None)
    ids = dict(conn.execute(select(tag.c.id, tag.c.name)).all())
    extra = [
        (r.tag_id, r.language)
        for r in conn.execute(select(tag_translation.c.tag_id, tag_translation.c.language))
        if (ids.get(r.tag_id, ""), r.language) not in names.translations
    ]
    if names.without_language:
        # Their language can only be guessed: a translation in another one may be theirs.
        extra = [(i, language) for i, language in extra if i in idle]
    for i, language in extra:
        findings.differ("tag_translation", f"{ids.get(i, i)} ({language})", "", "a row", None)
    odd = [key for key in conn.execute(select(series.c.series_key)).scalars() if key not in names.series]
    for key in odd:
        findings.differ("series", key, "", "a row", None)
    if findings.write:
        _UNTRANSLATE(conn, [{"b_id": i, "b_language": language} for i, language in extra])
        conn.execute(delete(tag).where(among(tag.c.id, "ids")), {"ids": listed(idle)})
        conn.execute(delete(series).where(among(series.c.series_key, "keys")), {"keys": listed(odd)})


def recount(conn: Connection, findings: Findings) -> None:
    """Set each tag's counter to the number of its works."""
    wrong = conn.execute(_WRONG_COUNTS).all()
    for row in wrong:
        findings.differ("tag", row.name, "works", row.works, row.linked)
    if findings.write:
        _COUNT(conn, [{"b_id": row.id, "b_works": row.linked} for row in wrong])
