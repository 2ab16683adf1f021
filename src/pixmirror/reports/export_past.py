"""What was seen over time: states, counters, drift, texts, and what Pixiv said, as it said it."""

from collections.abc import Callable, Generator, Mapping
from typing import Any

from sqlalchemy import Connection, Row

from pixmirror.catalogue.payloads import BASE, canonical, unpack
from pixmirror.catalogue.sql import KEYS, listed, rows
from pixmirror.catalogue.words import plain
from pixmirror.ingest import stats
from pixmirror.ingest.files import readable_text
from pixmirror.models import split_key
from pixmirror.reports.export_lines import data, dumped, nested, object_, owner, parts, select, work
from pixmirror.reports.history import Version, versions_of_users, versions_of_works
from pixmirror.terminal import in_json

_PLACES = f"""
SELECT json_group_array({object_("rank id", id="work_key >> 1")}) FROM (
  SELECT rank, work_key FROM ranking r WHERE r.account_id = d.account_id AND r.medium = d.medium
    AND r.mode = d.mode AND r.date = d.date AND r.snapshot = d.snapshot ORDER BY rank)"""
_IS_CURRENT = """
EXISTS (SELECT 1 FROM tag JOIN tag_translation t ON t.tag_id = tag.id
  WHERE tag.name = s.name AND t.language = s.language AND t.text = s.text)"""
_ANSWERS = f"""
SELECT {object_("about medium id endpoint language seen_at", **owner())} AS line, owner_id, endpoint, codec, body,
  {BASE}
FROM payload ORDER BY id"""
_TEXTS = f"SELECT work_key, 'sha256:' || digest, body FROM text_version WHERE work_key {KEYS}"
_WORKS = "SELECT work_key FROM work ORDER BY work_key"


def payloads(conn: Connection) -> Generator[str, None, None]:
    """Yield each answer that is kept; null where it is garbled."""
    for part in parts(conn, _ANSWERS):
        novels = {row.owner_id for row in part if row.endpoint == "webview"}
        texts = {(key, name): body for key, name, body in rows(conn, _TEXTS, keys=listed(novels))}
        for row in part:
            yield in_json(f'{row.line[:-1]},"answer":{canonical(_said(row, texts))}}}')


def _said(row: Row[Any], texts: Mapping[tuple[int, str], bytes]) -> Any:
    try:
        said = unpack(row.codec, row.body, row.base_body)
    except (ValueError, RecursionError):
        return None
    # The text of a novel is kept once, apart from the answers that name it.
    if row.endpoint == "webview" and (body := texts.get((row.owner_id, said.get("text")))) is not None:
        return said | {"text": readable_text(body)}
    return said


def counters(conn: Connection) -> Generator[str, None, None]:
    """Yield the counters of each work over time, the first values first."""
    for part in parts(conn, _WORKS):
        found = stats.series_of(conn, [key for (key,) in part])
        for key, points in found.items():
            medium, work_id = split_key(key)
            for point in points:
                yield dumped({"medium": medium, "id": work_id, **plain(point)})


def versions(conn: Connection) -> Generator[str, None, None]:
    """Yield each version of each work and user, and what it changed."""
    for part in parts(conn, _WORKS):
        for key, found in versions_of_works(conn, [key for (key,) in part]):
            medium, work_id = split_key(key)
            yield from (_version({"about": "work", "medium": medium, "id": work_id}, one) for one in found)
    for part in parts(conn, "SELECT id FROM user ORDER BY id"):
        for user_id, found in versions_of_users(conn, [user_id for (user_id,) in part]):
            yield from (_version({"about": "user", "medium": None, "id": user_id}, one) for one in found)


def _version(about: Mapping[str, Any], version: Version) -> str:
    return dumped(about | plain(version))


PAST: Mapping[str, str | Callable[[Connection], Generator[str, None, None]]] = {
    "texts": select(
        "medium id sha256 text seen_at",
        "text_version ORDER BY work_key, id",
        **work(),
        sha256="digest",
        text="text_of(body)",
    ),
    "states": select("about medium id state evidence at account_id", "state_change ORDER BY id", **owner()),
    "sightings": select(
        "about medium id state evidence first_at last_at account_id", "sighting ORDER BY id", **owner()
    ),
    "doubts": select(
        "about medium id state evidence since at account_id", "doubt ORDER BY owner_kind, owner_id", **owner()
    ),
    "drift": select(
        "about medium id event before after at account_id",
        "drift ORDER BY drift.id",
        **owner("kind", "item"),
        before=data("before"),
        after=data("after"),
    ),
    "ranking_days": select(
        "medium mode date snapshot state depth read_at works account_id",
        "ranking_day d ORDER BY account_id, medium, mode, date, snapshot",
        works=nested(_PLACES),
    ),
    "translations": select(
        "name language text first_seen last_seen is_current",
        f"(SELECT *, {_IS_CURRENT} AS is_current FROM translation_seen s) ORDER BY name, language, text",
    ),
    "readings": select("name kind text source seen_at", "tag_reading ORDER BY name, kind, id"),
    "web_listed": select(
        "user_id medium id first_seen last_seen", "web_listed ORDER BY user_id, work_key", **work()
    ),
    "versions": versions,
    "counters": counters,
    "payloads": payloads,
}
