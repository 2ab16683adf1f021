"""Files that an answer counts without an address: they are holes on record, and the work never looks complete.

A hole is a row of `media` without address and path, `failed` with a reason. It goes when an answer fills it, and
until then the work is asked for again, rarer and rarer.
"""

import re
from collections.abc import Collection

from sqlalchemy import Connection

from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.media import ASKED_BY
from pixmirror.catalogue.sql import value
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ingest.versions import Changes, WorkFiles
from pixmirror.ledger import agenda
from pixmirror.models import NovelText

NO_PAGE = "Pixiv's answer has no original of this page"
NO_PICTURE = "the text names this picture, and Pixiv's answer has none of it"
NO_FRAME = "Pixiv's metadata names this frame, and the zip that came has none of it"
LOOKS = (HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS)  # after the hole was found; then every 30 days

_PICTURE = re.compile(r"\[uploadedimage:([0-9]{1,15})\]")
_REASONS = {"page": NO_PAGE, "embed": NO_PICTURE, "frame": NO_FRAME}
_SINCE = """
SELECT min(first_seen) FROM media
WHERE owner_kind = 'work' AND owner_id = :key AND role = :role AND url = '' AND state = 'failed'"""


def pictures_of(novel: NovelText) -> Collection[int]:
    """Return the numbers of the author's pictures that the text names."""
    return {int(number) for number in _PICTURE.findall(novel.text)}


def note(changes: Changes, work: WorkFiles, role: str, due: Collection[int], shown: Collection[int]) -> bool:
    """Add holes for what of `due` is neither shown nor known, and drop those filled. True if any moved."""
    mine = [r for r in work.rows if r.role == role]
    holes = {r.idx: r.id for r in mine if not r.url}
    lacking = {i for i in due if i not in shown} - {r.idx for r in mine if r.url and r.is_current}
    hole = {
        "owner_kind": "work", "owner_id": work.key, "role": role, "version": "-", "is_current": 1, "url": "",
        "alternates": None, "path": "", "state": "failed" if work.wanted else "refused",
        "priority": int(work.seen.lane), "error": _REASONS[role], "first_seen": work.seen.now,
    }  # fmt: skip
    changes.dropped += ({"id": row_id} for idx, row_id in holes.items() if idx not in lacking)
    changes.new += (hole | {"idx": idx} for idx in sorted(lacking) if idx not in holes)
    return lacking != holes.keys()


def next_look(conn: Connection, kind: Kind, key: int, now: int) -> int | None:
    """Return when this question comes again because files lack that its answer names; None if none does."""
    role = next(role for role, chore in ASKED_BY.items() if chore == kind)
    since: int | None = value(conn, _SINCE, key=key, role=role)
    if since is None:
        return None
    later = next((look for look in LOOKS if since + look > now), None)
    return now + LOOKS[-1] if later is None else since + later


def ask_again(conn: Connection, kind: Kind, key: int, now: int) -> None:
    """Ask this question about a work again if files lack that its answer names."""
    due = next_look(conn, kind, key, now)
    if due is not None:
        agenda.fill_holes(conn, kind, (key,), due)
