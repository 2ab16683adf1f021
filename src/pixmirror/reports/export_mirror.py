"""What the mirror itself knows: its lists with their gaps, questions, jobs, runs, what you forgot."""

from collections.abc import Mapping
from typing import Literal

from pixmirror.catalogue.chores import Kind
from pixmirror.reports.export_lines import data, flag, nested, object_, owner, select, work

_JOBS = (
    f"SELECT json_group_array({object_('job joined_at')}) FROM (SELECT * FROM feed_job WHERE feed_id = feed.id)"
)
_GAPS = f"""
SELECT json_group_array({object_("kind spec failures due_at error opened_at", spec=data("spec"))})
FROM (SELECT * FROM gap WHERE feed_id = feed.id ORDER BY id)"""


def _of(subject: Literal["work", "user", "comment", "account", "tag"]) -> str:
    return ", ".join(f"'{kind}'" for kind in Kind.about(subject))


_ABOUT = f"""
CASE WHEN kind IN ({_of("work")}) THEN 'work' WHEN kind IN ({_of("comment")}) THEN 'comment'
  WHEN kind IN ({_of("user")}) THEN 'user' WHEN kind IN ({_of("tag")}) THEN 'tag' ELSE 'account' END"""

MIRROR: Mapping[str, str] = {
    "accounts": select(
        "id name account is_premium x_restrict captions_stripped seen_at",
        "account ORDER BY id",
        captions_stripped=flag("captions_stripped"),
    ),
    "lists": select(
        "endpoint params marks job jobs lane due_at failures error head_at full_at full_started refresh_at gaps "
        "account_id",
        "feed ORDER BY id",
        params=data("params"),
        marks=data("marks"),
        jobs=nested(_JOBS),
        gaps=nested(_GAPS),
    ),
    "questions": select(
        "kind about medium id tag lane due_at attempts progress error",
        f"(SELECT *, {_ABOUT} AS about FROM chore) ORDER BY kind, key",
        **owner("about", "key"),
        tag="iif(about = 'tag', (SELECT name FROM tag WHERE tag.id = key), NULL)",
        progress=data("progress"),
    ),
    "jobs": select(
        "name kind is_paused paused_until suspended failures last_done_at filter_digest", "job ORDER BY name"
    ),
    "work_jobs": select("medium id job first_seen refused_reason", "work_job ORDER BY work_key, job", **work()),
    "runs": select(
        "job kind started_at ended_at outcome new seen requests error runs failed interrupted took_ms",
        "run ORDER BY id",
    ),
    "spent": select("day lane requests bytes", "spent ORDER BY day, lane"),
    "broken": select(
        "endpoint path reason raw times first_seen last_seen medium id user_id is_partial",
        "broken ORDER BY id",
        raw=data("raw"),
        id="work_key >> 1",
    ),
    "forgotten": select(
        "about medium id page at purge_at",
        "tombstone ORDER BY at, owner_kind, owner_id, idx",
        **owner(),
        page="nullif(idx, -1)",
    ),
}
