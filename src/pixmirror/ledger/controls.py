"""Control questions: before a 404 is believed, something that must be there is asked for in the same way.

A Pixiv that denies everything denies this too. Asked for are the detail of a work that lists show, and the
account's own profile. The time of each good answer is kept, and the judge believes a denial only if one came at
about the same time.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import value
from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.clock import HOUR_MS
from pixmirror.ledger import agenda
from pixmirror.ledger.doubts import Doubt

FRESH_MS = 6 * HOUR_MS  # an answer this young is not asked for again
PROOF_MS = 12 * HOUR_MS  # an answer counts for denials of half a day later; confirming one takes a whole day
NEWEST = 40

PROFILE = "control:profile"
LISTS = "control:lists"  # never asked: lists are read all the time
WEBSITE = "control:website"  # never asked: what the website shows of other works

_UNDOUBTED = f"""state = 'live' AND user_id IS NOT NULL AND work_key & 1 = :parity
  AND NOT EXISTS (SELECT 1 FROM doubt d WHERE d.owner_kind = 'work' AND d.owner_id = work_key)
  AND {not_forgotten_sql("work_key", "user_id")}"""
_WITNESS = f"""
SELECT work_key FROM (
  SELECT work_key, last_seen FROM work WHERE {_UNDOUBTED} AND work_key != :key
    AND NOT EXISTS (SELECT 1 FROM chore c WHERE c.kind = '{Kind.DETAIL}' AND c.key = work_key)
  ORDER BY work_key DESC LIMIT {NEWEST})
ORDER BY last_seen DESC, work_key DESC LIMIT 1"""
# From the newest stretch down: a mirror that works finds one at once.
_SEEN_LIVE = """
SELECT 1 FROM sighting WHERE +owner_kind = 'work' AND state = 'live' AND last_at >= :after
ORDER BY id DESC LIMIT 1"""
_NEWEST_LIVE = "SELECT max(last_at) FROM sighting WHERE +owner_kind = 'work' AND state = 'live'"


def of_detail(work_key: int) -> str:
    return f"control:detail:{'novel' if work_key & 1 else 'illust'}"


def answered(conn: Connection, control: str, now: int) -> None:
    """Note that a good answer came, to a control question or to any other request of its kind."""
    if now - (at(conn, control) or 0) >= HOUR_MS:
        runs.set_meta(conn, control, str(now))


def at(conn: Connection, control: str) -> int | None:
    found: int | None = runs.get_json(conn, control)
    return found


def ask_to_prove(conn: Connection, found: Sequence[Doubt], now: int) -> None:
    """Ask what could vouch for these doubts, in the way in which each was met. Lists and the website are never
    asked for this.
    """
    for one in found:
        way = _way(one.owner_kind, one)
        if way == PROFILE:
            ask_for_profile(conn, one.account_id, now)
        elif way == of_detail(one.owner_id):
            ask_about_work(conn, one.account_id, one.owner_id, now)


def ask_about_work(conn: Connection, account_id: int, work_key: int, now: int) -> None:
    """Ask for the detail of another work, which lists show, unless such a question was answered lately."""
    if not _is_time(conn, of_detail(work_key), now):
        return
    witness = value(conn, _WITNESS, parity=work_key & 1, key=work_key)
    if witness is None:
        ask_for_profile(conn, account_id, now)
    else:
        agenda.ask_control(conn, Kind.DETAIL, witness, now)


def ask_for_profile(conn: Connection, account_id: int, now: int) -> None:
    """Ask for the account's own profile, unless it was answered lately."""
    if _is_time(conn, PROFILE, now):
        agenda.ask_control(conn, Kind.CONTROL, account_id, now)


def _is_time(conn: Connection, control: str, now: int) -> bool:
    """True if a control question is to be asked: no answer is younger than 6 hours, none asked within the hour."""
    asked = f"{control}:asked"
    if now - (at(conn, control) or 0) < FRESH_MS or now - (at(conn, asked) or 0) < HOUR_MS:
        return False
    runs.set_meta(conn, asked, str(now))
    return True


def proven(conn: Connection, kind: str, found: Sequence[Doubt]) -> list[Doubt]:
    """Return the doubts that a good answer to a request of the same kind vouches for."""
    ways: dict[str, list[Doubt]] = {}
    for one in found:
        ways.setdefault(_way(kind, one), []).append(one)
    latest = {way: _answered_at(conn, way, max(d.at for d in doubted)) for way, doubted in ways.items()}
    return [d for d in found if latest[_way(kind, d)] >= d.at - PROOF_MS]


def _way(kind: str, found: Doubt) -> str:
    if kind == "user":
        return PROFILE
    if found.evidence.startswith(f"{WEB}: "):
        return WEBSITE
    return of_detail(found.owner_id) if found.evidence.startswith("detail: ") else LISTS


def asks_for_itself(found: Doubt) -> bool:
    """True for website doubts: they wait for another answer to vouch, because a control request would spend the
    user's cookie.
    """
    return _way(found.owner_kind, found) == WEBSITE


def _answered_at(conn: Connection, way: str, doubted_at: int) -> int:
    if way == WEBSITE:
        return at(conn, way) or 0
    if way != LISTS:
        answer = at(conn, way) or 0
        any_other = f"SELECT 1 FROM work WHERE {_UNDOUBTED} LIMIT 1"
        if not answer and way != PROFILE and value(conn, any_other, parity=int(way == of_detail(1))) is None:
            answer = at(conn, PROFILE) or 0  # nothing else is there that could be asked
        return answer
    if value(conn, _SEEN_LIVE, after=doubted_at - PROOF_MS) is not None:
        return doubted_at
    return int(value(conn, _NEWEST_LIVE) or 0)
