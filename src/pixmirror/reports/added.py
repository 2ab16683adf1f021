"""What has become of something that the user added: is it here, is it coming, or why not?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection

from pixmirror.catalogue.added import ADDED, WISHED
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import row, rows, value
from pixmirror.catalogue.words import many, plain
from pixmirror.models import State

Became: TypeAlias = Literal["here", "part", "hidden", "kept", "not_there", "unanswered"]

_WORK = """
SELECT w.title, w.type, w.user_id, w.state, u.name AS artist FROM work w LEFT JOIN user u ON u.id = w.user_id
WHERE w.work_key = :key"""
_WORKS = f"""work_key IN (SELECT w.work_key FROM work w JOIN work_job j ON j.work_key = w.work_key
  AND j.job = '{ADDED}' WHERE w.user_id = :user)"""
_FILES = """
SELECT count(*) AS files, coalesce(sum(state = 'stored'), 0) AS stored,
  coalesce(sum(state IN ('wanted', 'fetching') OR state = 'waiting' AND due_at <= :before), 0) AS coming,
  max(CASE WHEN state != 'stored' THEN error END) AS error
FROM media WHERE owner_kind = 'work' AND is_current = 1 AND state != 'forgotten' AND owner_id {}"""
_ASKED = "SELECT 1 FROM chore WHERE due_at <= :before AND kind IN ('ugoira', 'text'{}) AND key {} LIMIT 1"
_WISH = f"SELECT due_at, error FROM chore WHERE kind = :kind AND key = :key AND {WISHED}"
_DENIED = """
SELECT state FROM sighting WHERE owner_kind = :kind AND owner_id = :key AND last_at >= :since
ORDER BY id DESC LIMIT 1"""
_LISTS = f"""
SELECT coalesce(min(g.due_at), f.due_at) AS due_at, coalesce(g.error, f.error) AS error
FROM feed f JOIN feed_job j ON j.feed_id = f.id AND j.job = '{ADDED}' LEFT JOIN gap g ON g.feed_id = f.id
WHERE f.endpoint IN ('user/illusts', 'user/novels') AND f.params = :params GROUP BY f.id"""


@dataclass(frozen=True, slots=True)
class Added:
    """One thing that was added. `became`: `here` whole; `part` of it is, and `reason` says why not the rest;
    `hidden` from the app; `kept` here, no longer at Pixiv; `not_there` at Pixiv; `unanswered` until now.

    `works` and `files` are those of the artist, or of the work; `is_open`: more comes at once.
    """

    ref: Ref
    title: str
    artist: str
    user_id: int | None
    type: str
    became: Became
    works: int
    files: int
    stored: int
    reason: str | None
    is_open: bool

    @property
    def amount(self) -> str:
        """Say how much it is: 5 pages, a novel, 412 works."""
        if self.type == "user":
            return f"{many(self.works, 'work')}, {many(self.files, 'file')}"
        if self.type in ("novel", "ugoira"):
            return "a novel" if self.type == "novel" else "an animation"
        return many(self.files, "page")

    def as_dict(self) -> dict[str, Any]:
        """Return what `add --json` prints of it."""
        shown: dict[str, Any] = plain(self)
        del shown["is_open"]
        return shown


def all_added(conn: Connection, refs: Sequence[Ref], since: int, before: int, whole: bool) -> tuple[Added, ...]:
    """Tell of all of these, added at `since`; what is due by `before` comes at once. `whole`: comments, too."""
    comments = ", 'comments'" if whole else ""
    return tuple(
        _user(conn, ref, since, before, comments)
        if ref.work_key is None
        else _work(conn, ref, ref.work_key, since, before, comments)
        for ref in refs
    )


def _work(conn: Connection, ref: Ref, key: int, since: int, before: int, comments: str) -> Added:
    found, wish = row(conn, _WORK, key=key), row(conn, _WISH, kind="detail", key=key)
    files = row(conn, _FILES.format("= :key"), key=key, before=before)
    asked = value(conn, _ASKED.format(comments, "= :key"), key=key, before=before)
    reason = files.error if wish is None else wish.error
    became: Became = "here" if files.stored == files.files else "part"
    denied = value(conn, _DENIED, kind="work", key=key, since=since)
    if denied is not None and denied != State.LIVE and denied in State.OVER:
        became = "kept" if files.stored else "not_there"
    elif wish is not None or found is None:
        became = "unanswered"
    elif found.user_id is None or found.state in State.HIDDEN:
        became = became if files.files and became == "here" else "hidden"
    elif ref.kind == "novel" and not value(conn, "SELECT 1 FROM text_version WHERE work_key = :key", key=key):
        became = "part"
    return Added(
        ref=ref,
        title=found.title if found is not None else "",
        artist=(found.artist or "") if found is not None else "",
        user_id=found.user_id if found is not None else None,
        type=found.type if found is not None else "",
        became=became,
        works=1,
        files=files.files,
        stored=files.stored,
        reason=reason,
        is_open=bool(asked or files.coming or (wish is not None and wish.due_at <= before)),
    )


def _user(conn: Connection, ref: Ref, since: int, before: int, comments: str) -> Added:
    found = row(conn, "SELECT name FROM user WHERE id = :id", id=ref.id)
    wish = row(conn, _WISH, kind="profile", key=ref.id)
    lists = rows(conn, _LISTS, params=f'{{"user_id":{ref.id}}}')
    mine = _WORKS.replace("work_key IN", "IN", 1)
    files = row(conn, _FILES.format(mine), user=ref.id, before=before)
    asked = value(conn, _ASKED.format(comments, mine), user=ref.id, before=before)
    denied = value(conn, _DENIED, kind="user", key=ref.id, since=since)
    became: Became = "here" if files.stored == files.files and not lists else "part"
    if denied is not None and denied in State.LEFT:
        became = "kept" if files.stored else "not_there"
    elif wish is not None or found is None:
        became = "unanswered"
    listed = any(one.due_at is not None and one.due_at <= before for one in lists)
    return Added(
        ref=ref,
        title="",
        artist=found.name if found is not None else "",
        user_id=ref.id,
        type="user",
        became=became,
        works=int(value(conn, f"SELECT count(*) FROM work WHERE {_WORKS}", user=ref.id)),
        files=files.files,
        stored=files.stored,
        reason=wish.error
        if wish is not None
        else files.error or next((one.error for one in lists if one.error), None),
        is_open=bool(asked or files.coming or listed or (wish is not None and wish.due_at <= before)),
    )
