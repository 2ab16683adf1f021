"""The catalogue, and what is the user's own in the gallery, as plain data, one kind as a stream.

Field names are Pixiv's. Keys are only ever added, behind those that are there.
"""

import json
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import LEGACY
from pixmirror.errors import ConfigError
from pixmirror.reports.export_lines import data, lines, moment, nested, pixiv_moment, select, work
from pixmirror.reports.export_mirror import MIRROR
from pixmirror.reports.export_own import OWN
from pixmirror.reports.export_past import PAST
from pixmirror.reports.provenance import ONLY_DUMPED, PIXIV

_TAGS = """
SELECT json_group_array(name) FROM (SELECT t.name FROM work_tag w JOIN tag t ON t.id = w.tag_id
  WHERE w.work_key = work.work_key ORDER BY w.position)"""
_TEXT = "SELECT text_of(body) FROM text_version t WHERE t.work_key = work.work_key ORDER BY id DESC LIMIT 1"
_WORK = """
medium id user_id type title caption tags page_count create_date x_restrict illust_ai_type width height series_id
total_bookmarks total_view state provenance {} restrict sanity_level total_comments text_length is_original
language evidence state_at detail_at comments_at comments_total first_seen last_seen"""
_AS_IN_WORK = {
    "id": "work_key >> 1",
    "tags": nested(_TAGS),
    "create_date": pixiv_moment("create_date"),
    "illust_ai_type": "ai_type",
    "series_id": "series_key >> 1",
    "provenance": f"iif({ONLY_DUMPED.format('work.work_key')}, '{LEGACY}', '{PIXIV}')",
}
_TRANSLATIONS = """
SELECT json_group_object(language, text) FROM (
  SELECT language, text FROM tag_translation WHERE tag_id = tag.id ORDER BY language)"""
_OWN_TAGS = """
SELECT json_group_array(name) FROM (SELECT name FROM bookmark_work_tag t
  WHERE t.account_id = b.account_id AND t.work_key = b.work_key ORDER BY name)"""
_OWN_TAGS_SEEN = f"""
SELECT json_group_object(name, {moment("last_seen")}) FROM (SELECT name, last_seen FROM bookmark_work_tag t
  WHERE t.account_id = b.account_id AND t.work_key = b.work_key ORDER BY name)"""
# Of each date the newest complete reading.
_RANKINGS = """
(SELECT account_id, medium, mode, date, max(snapshot) AS snapshot FROM ranking_day
  WHERE state IN ('complete', 'whole') GROUP BY account_id, medium, mode, date)
JOIN ranking USING (account_id, medium, mode, date, snapshot) ORDER BY account_id, medium, mode, date, rank"""


def _works(where: str) -> str:
    return select(
        _WORK.format("frames zip_url frames_at"),
        f"work LEFT JOIN ugoira USING (work_key) WHERE {where} ORDER BY work_key",
        **_AS_IN_WORK,
        frames=data("frames"),
        frames_at=moment("ugoira.seen_at"),
    )


def _novels(where: str) -> str:
    return select(_WORK.format("text"), f"work WHERE {where} ORDER BY work_key", **_AS_IN_WORK, text=f"({_TEXT})")


_CATALOGUE: Mapping[str, str] = {
    "works": _works("medium = 'illust'"),
    "novels": _novels("medium = 'novel'"),
    "files": select(
        "medium id page role url path size sha256 state listed_url fetched_url alternates version is_current "
        "origin error attempts due_at damaged_sha256 first_seen stored_at verified_at trash",
        "media WHERE owner_kind = 'work' ORDER BY owner_id, role, idx, version",
        **work("owner_id"),
        page="idx",
        url="coalesce(nullif(fetched_url, ''), url)",
        listed_url="url",
        alternates=data("alternates"),
        due_at=moment("nullif(due_at, 0)"),
    ),
    "users": select(
        "id name account comment state evidence state_at avatar_url background_url total_illusts total_manga "
        "total_novels total_bookmarks_public profile_at web_at first_seen last_seen",
        "user ORDER BY id",
    ),
    "tags": select("name translations works", "tag ORDER BY name", translations=nested(_TRANSLATIONS)),
    "series": select(
        "medium id user_id title caption first_seen", "series ORDER BY series_key", **work("series_key")
    ),
    "comments": select(
        "id medium work_id user_id parent_comment_id comment stamp_id date stamp_url has_replies state state_at "
        "first_seen last_seen missing_since",
        "comment ORDER BY comment_key",
        **work("comment_key"),
        work_id="work_key >> 1",
        parent_comment_id="parent_key >> 1",
        date=pixiv_moment("date"),
    ),
    "bookmarks": select(
        "medium id restrict tags state bookmark_id below tags_seen state_at first_seen last_seen missing_since "
        "account_id",
        "bookmark b ORDER BY account_id, work_key",
        **work(),
        tags=nested(_OWN_TAGS),
        tags_seen=nested(_OWN_TAGS_SEEN),
    ),
    "bookmark_tags": select(
        "medium restrict name count walked_count seen_at account_id",
        "bookmark_tag ORDER BY account_id, medium, restrict, name",
    ),
    "follows": select(
        "user_id restrict state state_at first_seen last_seen missing_since account_id",
        "follow ORDER BY account_id, user_id",
    ),
    "rankings": select("medium mode date rank id account_id", _RANKINGS, id="work_key >> 1"),
}
KINDS: Mapping[str, Callable[[Connection], Generator[str, None, None]]] = {
    kind: partial(lines, sql=made) if isinstance(made, str) else made
    for kind, made in {**_CATALOGUE, **PAST, **MIRROR, **OWN}.items()
}


def refuse_unknown(kind: str) -> None:
    """Raise ConfigError for what is no kind."""
    if kind not in KINDS:
        raise ConfigError(f"There is no kind {kind!r} to export: choose one of {', '.join(KINDS)}, or all.")


def export_lines(conn: Connection, kind: str) -> Generator[str, None, None]:
    """Yield every row of a kind as a line of JSON without its end, in a fixed order.

    Kinds of OWN are asked through the shelves.
    """
    refuse_unknown(kind)
    return KINDS[kind](conn)


def export(conn: Connection, kind: str) -> Generator[dict[str, Any], None, None]:
    """Yield the same as dicts. To be closed before the connection is, if it is not read to the end."""
    return (json.loads(line) for line in export_lines(conn, kind))


def work_of(conn: Connection, key: int) -> dict[str, Any] | None:
    """Return the row of one work or novel; None if it is not known."""
    made = (_novels if key & 1 else _works)("work_key = :key")
    return next(map(json.loads, lines(conn, made, key=key)), None)
