"""The files of works: what some job wants is wanted, and what no job wants is refused."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.sql import IDS, KEYS, changed, listed, row

# By the role of what lacks: what is asked to tell of it.
ASKED_BY = {"page": Kind.DETAIL, "embed": Kind.TEXT, "frame": Kind.UGOIRA}

# Why a file does not come, in its `error`.
REPLACED = "replaced upstream before it was fetched"
REMOVED = "removed upstream before it was fetched"
NOT_A_FILE = "the URL names no kind of file that pixmirror stores"
LIMIT = "mirror.max_file"  # in the error of each file that was too large


# In these rooms owner_kind stands behind a + where other conditions name few files: SQLite, which knows no figures
# of the rows, would else look up the files of all works by it.
IN_TROUBLE = "state IN ('gone', 'failed', 'damaged')"  # as the partial index spells it, or SQLite reads all rows
_OF_WORKS = f"owner_kind = 'work' AND owner_id {KEYS} AND is_current = 1"
_WANT = f"""
UPDATE media SET state = iif(path = '', 'failed', 'wanted'), error = iif(path = '', error, NULL), attempts = 0,
  due_at = 0, priority = :lane WHERE {_OF_WORKS} AND state = 'refused'"""
_REFUSE = f"UPDATE media SET state = 'refused' WHERE {_OF_WORKS} AND state IN ('wanted', 'waiting')"
# Of a work's file: some job has seen the work, and does not refuse it.
IS_SEEN = "EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = media.owner_id)"
IS_WANTED = "EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = media.owner_id AND j.refused_reason IS NULL)"
_REFUSE_UNWANTED = f"""
UPDATE media SET state = 'refused' WHERE id {IDS} AND state IN ('wanted', 'waiting') AND +owner_kind = 'work'
  AND {IS_SEEN} AND NOT {IS_WANTED}"""
_REFUSALS = "SELECT count(*), count(refused_reason) FROM work_job WHERE work_key = :key"
_OWNERS = f"SELECT owner_id FROM media WHERE id {IDS} AND +owner_kind = 'work'"
_RENEW_SIDECARS = f"""
UPDATE work SET sidecar_seq = min(sidecar_seq, change_seq - 1) WHERE work_key IN ({_OWNERS}) AND sidecar_seq > 0
  AND NOT EXISTS (SELECT 1 FROM media
    WHERE owner_kind = 'work' AND owner_id = work_key AND media.state IN ('wanted', 'fetching'))"""


def want_files(conn: Connection, keys: Collection[int], lane: int) -> set[int]:
    """Want the files of these works, for some job does now. Return the keys of works that are not forgotten."""
    keys = set(keys) - tombstones.works(conn, keys)
    if keys:
        changed(conn, _WANT, keys=listed(keys), lane=int(lane))
    return keys


def refuse_files(conn: Connection, keys: Collection[int]) -> None:
    """Refuse the files of these works, which no job wants any more. What is stored stays."""
    if keys:
        changed(conn, _REFUSE, keys=listed(keys))


def refuse_unwanted(conn: Connection, ids: Collection[int]) -> None:
    """Refuse those of these files that no job wants any more since they were claimed for fetching."""
    if ids:
        changed(conn, _REFUSE_UNWANTED, ids=listed(ids))


def is_wanted(conn: Connection, key: int) -> bool:
    """True unless every job that saw the work refuses it, or the user forgot it."""
    jobs, refusing = row(conn, _REFUSALS, key=key)
    return bool(jobs == 0 or refusing < jobs) and not tombstones.is_forgotten(conn, key)


def renew_sidecars(conn: Connection, ids: Iterable[int]) -> None:
    """Have the sidecars of these files' works written again, once no other file of the work is to come."""
    changed(conn, _RENEW_SIDECARS, ids=listed(ids))
