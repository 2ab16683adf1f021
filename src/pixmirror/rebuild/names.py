"""Tags, their translations and series: what many works say together, gathered while they are replayed.

The newest payload decides, whichever work it is of. Kept in memory: one entry a tag, translation and series.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.schema import series, tag_translation
from pixmirror.catalogue.sql import IDS, KEYS, Many, changed, column, listed, rows, upsert, value
from pixmirror.ingest.tags import tag_ids
from pixmirror.models import User
from pixmirror.rebuild.findings import Findings
from pixmirror.rebuild.replay import Replayed, Said, series_of

_IDS = "SELECT name, id FROM tag WHERE name IN (SELECT value FROM json_each(:names))"
_TRANSLATIONS = f"SELECT * FROM tag_translation WHERE tag_id {IDS}"
_SERIES_ROWS = f"SELECT * FROM series WHERE series_key {KEYS}"
_IDLE = "SELECT id, name FROM tag WHERE NOT EXISTS (SELECT 1 FROM work_tag WHERE tag_id = tag.id)"
# That which is the present one comes last.
_SEEN = """
SELECT s.name, s.language, s.text, s.first_seen FROM translation_seen s LEFT JOIN tag g ON g.name = s.name
LEFT JOIN tag_translation t ON t.tag_id = g.id AND t.language = s.language AND t.text = s.text
ORDER BY t.tag_id IS NOT NULL, s.last_seen, s.text"""
_UNTRANSLATE = Many("DELETE FROM tag_translation WHERE tag_id = :id AND language = :language")
_TRANSLATE = Many(upsert(tag_translation, "text", "seen_at"))
_SERIES = Many(upsert(series, "title", "user_id", "first_seen"))
_WRONG_COUNTS = """
SELECT id, name, works, (SELECT count(*) FROM work_tag WHERE tag_id = tag.id) AS linked FROM tag
WHERE works != linked"""
_COUNT = Many("UPDATE tag SET works = :linked WHERE id = :id")
_LOOSE = "FROM work_tag WHERE tag_id NOT IN (SELECT id FROM tag) OR work_key NOT IN (SELECT work_key FROM work)"
_ORPHANS = "DELETE FROM tag_translation WHERE tag_id NOT IN (SELECT id FROM tag)"


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
    return {(r.name, r.language): (0, r.text, r.first_seen) for r in rows(conn, _SEEN)}


def drop_loose_links(conn: Connection, findings: Findings) -> None:
    """Remove links of tags and works that are no more, so that a new tag does not inherit them."""
    loose = value(conn, f"SELECT count(*) {_LOOSE}")
    if loose:
        findings.differ("work_tag", "links of rows that are gone", "", loose, 0)
    if findings.write:
        changed(conn, f"DELETE {_LOOSE}")
        changed(conn, _ORPHANS)


def rebuild_tags(conn: Connection, findings: Findings, names: Sequence[str]) -> None:
    """Make each name that a payload holds a tag, with works or without."""
    there = dict(rows(conn, _IDS, names=listed(names)))
    missing = [name for name in names if name not in there]
    for name in missing:
        findings.differ("tag", name, "", None, "a row")
    if findings.write:
        tag_ids(conn, dict.fromkeys(missing, 0))


def rebuild_translations(
    conn: Connection, findings: Findings, chunk: Sequence[tuple[tuple[str, str], tuple[int, str, int]]]
) -> None:
    ids = dict(rows(conn, _IDS, names=listed({name for (name, _), _ in chunk})))
    have = {(r.tag_id, r.language): r.text for r in rows(conn, _TRANSLATIONS, ids=listed(ids.values()))}
    wrong = []
    for (name, language), (_, text, at) in chunk:
        found = have.get((ids.get(name, 0), language))
        if found != text:
            findings.differ("tag_translation", f"{name} ({language})", "text", found, text)
            wrong.append({"tag_id": ids.get(name), "language": language, "text": text, "seen_at": at})
    if findings.write:
        _TRANSLATE(conn, wrong)


def rebuild_series(conn: Connection, findings: Findings, chunk: Sequence[tuple[int, SeriesSaid]]) -> None:
    have = {r.series_key: r for r in rows(conn, _SERIES_ROWS, keys=listed(key for key, _ in chunk))}
    wrong = []
    for key, said in chunk:
        row = {"title": said.title, "user_id": said.user_id, "first_seen": said.first_at}
        if findings.row("series", key, have.get(key), row):
            wrong.append(row | {"series_key": key})
    if findings.write:
        _SERIES(conn, wrong)


def drop_unsaid(conn: Connection, findings: Findings, names: Names) -> None:
    """Remove tags, translations and series that no payload holds: ingestion would have left none."""
    idle = {r.id: r.name for r in rows(conn, _IDLE) if r.name not in names.tags}
    for name in idle.values():
        findings.differ("tag", name, "", "a row", None)
    ids = dict(rows(conn, "SELECT id, name FROM tag"))
    extra = [
        (r.tag_id, r.language)
        for r in rows(conn, "SELECT tag_id, language FROM tag_translation")
        if (ids.get(r.tag_id, ""), r.language) not in names.translations
    ]
    if names.without_language:
        # Their language can only be guessed: a translation in another one may be theirs.
        extra = [(i, language) for i, language in extra if i in idle]
    for i, language in extra:
        findings.differ("tag_translation", f"{ids.get(i, i)} ({language})", "", "a row", None)
    odd = [key for key in column(conn, "SELECT series_key FROM series") if key not in names.series]
    for key in odd:
        findings.differ("series", key, "", "a row", None)
    if findings.write:
        _UNTRANSLATE(conn, [{"id": i, "language": language} for i, language in extra])
        changed(conn, f"DELETE FROM tag WHERE id {IDS}", ids=listed(idle))
        changed(conn, f"DELETE FROM series WHERE series_key {KEYS}", keys=listed(odd))


def recount(conn: Connection, findings: Findings) -> None:
    """Set each tag's counter to the number of its works."""
    wrong = rows(conn, _WRONG_COUNTS)
    for row in wrong:
        findings.differ("tag", row.name, "works", row.works, row.linked)
    if findings.write:
        _COUNT(conn, [{"id": row.id, "linked": row.linked} for row in wrong])
