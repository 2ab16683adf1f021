"""Ask again, at the user's word, for what was given up or put off.

Files that failed, are gone or damaged; questions that failed and wait; lists that fail; works in a state that is
not live, which their detail is asked about. Nothing that was forgotten (architecture: refusal stands), and nothing
that no job wants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, literal_column, or_, select, update

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.media import ASKED_BY, is_seen, is_wanted, is_wanted_by_a_job
from pixmirror.catalogue.paths import extension, media_path
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import chore, feed, gap, media, work
from pixmirror.catalogue.sql import among, listed
from pixmirror.errors import ConfigError
from pixmirror.ingest.versions import NOT_A_FILE, REMOVED, REPLACED
from pixmirror.ledger import agenda
from pixmirror.models import Lane

What: TypeAlias = Literal["failed", "gone", "damaged", "too_large"]
KINDS: tuple[What, ...] = ("failed", "gone", "damaged", "too_large")

MAX_FILE = "max_file"  # meta key: the limit as it was last
LIMIT = "mirror.max_file"  # in the error of each file that was too large

# As the partial index spells it, or SQLite would read all rows.
_in_trouble = media.c.state.in_([literal_column(f"'{state}'") for state in ("gone", "failed", "damaged")])
_failed = and_(_in_trouble, media.c.state == "failed")
_is_too_large = media.c.error.contains(LIMIT, autoescape=True)
_is_put_off = (media.c.state == literal_column("'waiting'")) & (media.c.attempts > 0)
# What was replaced before it was fetched is only asked for if it was here once.
_can_be_had = (media.c.is_current == 1) | media.c.sha256.is_not(None)

ASKED_ONCE_MORE = "given_up:asked_once_more"  # meta key: when, ms UTC
MINUTE_MS = 60_000
_of_live_work = exists().where(
    media.c.owner_kind == "work", work.c.work_key == media.c.owner_id, work.c.state == "live"
)
_old_end = (media.c.state == "gone") & media.c.error.not_in((REPLACED, REMOVED))
_old_end |= (media.c.state == "damaged") & (media.c.due_at == 0)
_old_end |= (media.c.state == "failed") & (media.c.error == NOT_A_FILE)
_GIVEN_UP = select(media.c.id).where(
    _in_trouble, _old_end, media.c.is_current == 1, media.c.path != "", _of_live_work
)
_ONCE_MORE = (
    update(media)
    .where(media.c.id == bindparam("b_id"))
    .values(state="waiting", due_at=bindparam("at"), attempts=0, priority=int(Lane.RETRY))
)
_other = media.alias("other")
_others = exists().where(
    _other.c.owner_kind == media.c.owner_kind, _other.c.owner_id == media.c.owner_id,
    _other.c.role == media.c.role, _other.c.idx == media.c.idx, _other.c.id != media.c.id,
)  # fmt: skip
_NAMELESS = (
    select(media, work.c.user_id, _others.label("others"))
    .join(work, (media.c.owner_kind == "work") & (work.c.work_key == media.c.owner_id))
    .where(_failed, media.c.path == "", media.c.url != "", work.c.user_id.is_not(None))
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is asked for again: files, questions about works and users, lists."""

    files: int = 0
    questions: int = 0
    lists: int = 0
    is_known: bool = True


def again(conn: Connection, ref: Ref | None, what: str | None, now: int) -> Asked:
    """Ask again for a work or user, or all of one kind; of `failed` also chores and lists that failed and wait.

    ConfigError for a kind that there is not.
    """
    if ref is not None:
        return one(conn, ref, now)
    match what:
        case "failed":
            files = _want(conn, _failed & ~_is_too_large) + _want(conn, _is_put_off)
            questions = _ask(conn, chore.c.attempts > 0, now) + _fill(conn, now)
            return Asked(files, questions, _read_lists(conn, now))
        case "too_large":
            return Asked(_want(conn, _failed & _is_too_large))
        case "gone" | "damaged":
            return Asked(_want(conn, and_(_in_trouble, media.c.state == what)))
        case _:
            raise ConfigError(f"{what!r} is nothing to ask for again: {', '.join(KINDS)}.")


def one(conn: Connection, ref: Ref, now: int) -> Asked:
    """Ask again for all of one work, or of one user and their works."""
    of = work.c.work_key == ref.work_key if ref.work_key is not None else work.c.user_id == ref.id
    found = conn.execute(select(work.c.work_key, work.c.state).where(of)).all()
    keys = [r.work_key for r in found]
    if not keys and ref.work_key is not None:
        return Asked(is_known=False)
    mine = and_(media.c.owner_kind == "work", among(media.c.owner_id, "keys"))
    given_up = or_(media.c.state.in_(("failed", "gone", "damaged")), _is_put_off)
    files = _want(conn, and_(mine, given_up), keys)
    about = and_(chore.c.kind.in_(Kind.about("work")), among(chore.c.key, "keys"))
    if ref.work_key is None:
        about = or_(about, and_(chore.c.kind.in_(Kind.about("user")), chore.c.key == ref.id))
    questions = _ask(conn, and_(about, chore.c.attempts > 0), now, keys)
    barred = tombstones.works(conn, keys)
    doubtful = [r.work_key for r in found if r.state != "live" and r.work_key not in barred]
    artists = [] if ref.work_key is not None or tombstones.people(conn, (ref.id,)) else [ref.id]
    agenda.ask_for_user(conn, doubtful, artists, now)
    questions += len(doubtful) + len(artists) + _fill(conn, now, [key for key in keys if key not in barred])
    agenda.ask_for_wanted(conn, [key for key in keys if key not in barred and is_wanted(conn, key)], now)
    return Asked(files, questions)


def once_more(conn: Connection, now: int) -> int:
    """Ask once again, one file a minute, for what older versions gave up for good. Return how many files.

    These are current files of works that Pixiv still shows: said to be gone or damaged after two looks within a
    minute, or never fetched because the kind that their URL names was not known.
    """
    if runs.get_meta(conn, ASKED_ONCE_MORE) is not None:
        return 0
    runs.set_meta(conn, ASKED_ONCE_MORE, str(now))
    _name_kinds(conn)
    given_up = conn.execute(_GIVEN_UP).scalars().all()
    times = [{"b_id": media_id, "at": now + n * MINUTE_MS} for n, media_id in enumerate(given_up)]
    if times:
        conn.execute(_ONCE_MORE, times)
    return len(times)


def _name_kinds(conn: Connection) -> None:
    """Give a path to files of kinds that were not known when they were met."""
    for row in conn.execute(_NAMELESS).all():
        ext = extension(row.url)
        if ext is not None:
            path = media_path(row.owner_id, row.user_id, row.role, row.idx, ext, row.version if row.others else "")
            state = "failed" if is_wanted(conn, row.owner_id) else "refused"
            conn.execute(update(media).where(media.c.id == row.id).values(path=path, state=state))


def use_limit(conn: Connection, limit: int) -> int:
    """Ask again for what a lower `mirror.max_file` refused (bytes, 0: no limit). Return how many files."""
    before = runs.get_meta(conn, MAX_FILE)
    if before == str(limit):
        return 0
    runs.set_meta(conn, MAX_FILE, str(limit))
    is_raised = before is None or (before != "0" and (limit == 0 or limit > int(before)))
    return _want(conn, _failed & _is_too_large) if is_raised else 0


def _want(conn: Connection, which: ColumnElement[bool], keys: Sequence[int] | None = None) -> int:
    """Want files again. `keys`: works that the user named; without them, what every job refuses stays refused."""
    stmt = update(media).where(which, media.c.state != "forgotten", media.c.path != "", _can_be_had)
    if keys is None:
        stmt = stmt.where(or_(~is_seen, is_wanted_by_a_job))
    stmt = stmt.values(
        state="wanted", attempts=0, due_at=0, error=None, damaged_sha256=None, priority=int(Lane.RETRY)
    )
    return conn.execute(stmt, _bound(keys)).rowcount


def _ask(conn: Connection, which: ColumnElement[bool], now: int, keys: Sequence[int] | None = None) -> int:
    stmt = update(chore).where(which).values(due_at=now, attempts=0, error=None)
    return conn.execute(stmt, _bound(keys)).rowcount


def _bound(keys: Sequence[int] | None) -> dict[str, str]:
    return {} if keys is None else {"keys": listed(keys)}


def _fill(conn: Connection, now: int, keys: Sequence[int] | None = None) -> int:
    """Ask about works, or about these, of which files lack that an answer or a zip should have."""
    stmt = select(media.c.owner_id, media.c.role).where(_failed, media.c.url == "", media.c.owner_kind == "work")
    if keys is not None:
        stmt = stmt.where(among(media.c.owner_id, "keys"))
    holes = conn.execute(stmt.distinct(), _bound(keys)).all()
    for hole in holes:
        agenda.fill_holes(conn, ASKED_BY[hole.role], (hole.owner_id,), now)
    return len(holes)


def _read_lists(conn: Connection, now: int) -> int:
    gaps = conn.execute(update(gap).where(gap.c.failures > 0).values(due_at=0)).rowcount
    put_off = update(feed).where(feed.c.failures > 0, feed.c.due_at.is_not(None)).values(due_at=now)
    return gaps + conn.execute(put_off).rowcount
