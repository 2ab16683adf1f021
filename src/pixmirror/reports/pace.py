"""How long so many requests or bytes take: the pace, the day's caps and what is spent of them, rests, quiet hours.

All of it stands in the catalogue and the configuration, so that every command counts with the same pace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from pixmirror.catalogue import runs, samples
from pixmirror.clock import DAY_MS, jst_day, next_jst_midnight, quiet_until
from pixmirror.models import Lane

Resting = Literal["", "limit", "day", "quiet", "pause"]
OPEN = 0.95  # of a day's requests and bytes; the rest is for new works (architecture: lanes)
UNDER_WAY = 10  # requests that a backfill stops earlier (pixiv/pacing.py)
MEASURED_S = 30.0  # of busy time, before a measured pace counts
ASSUMED_BYTES = float(2 << 20)  # a second
ASSUMED_REQUESTS = 2.0  # a second, where no pace is configured
PER_STEP, STEP_UP = 50, 0.9  # how a pace comes back (pixiv/pacing.py)
FOR_EVER = 100 * 365.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the configuration allows, 0 is no limit. `quiet`: minutes after local midnight, from and to.

    `room`: bytes free on the disk above the reserve; None: not known.
    """

    requests_per_minute: float = 0
    requests_per_day: int = 0
    bytes_per_day: int = 0
    quiet: tuple[int, int] | None = None
    room: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Way:
    """How fast one host is asked: so many units a second, at worst, likely and at best; 0 `per_day`: no cap."""

    slow: float
    likely: float
    fast: float
    per_day: float = 0
    spent: float = 0
    opens_at: int = 0
    resting: Resting = ""
    slowness: float = 1.0
    awake: float = 1.0
    is_assumed: bool = False

    def seconds(self, n: float, now: int, rate: float) -> float:
        """Return how long `n` units take from `now` on, if a second takes `rate` of them."""
        if n <= 0:
            return 0.0
        at = max(now, self.opens_at) + round(self._lost(n) / rate * 1000)
        if not self.per_day and self.awake == 1:
            return (at - now) / 1000 + n / rate
        midnight = next_jst_midnight(at)
        spent = self.spent if midnight == next_jst_midnight(now) else 0
        room = max(self.per_day - spent, 0) if self.per_day else n
        today = min(room, rate * (midnight - at) / 1000 * (self.awake if midnight - at > DAY_MS / 4 else 1))
        if n <= today:
            return (at - now) / 1000 + n / rate
        whole = rate * 86400 * self.awake
        a_day = min(self.per_day, whole) if self.per_day else whole
        days = int((n - today - 1e-9) // a_day)
        rest = n - today - days * a_day
        return min((midnight - now) / 1000 + days * 86400 + rest / rate, FOR_EVER * 86400)

    def _lost(self, n: float) -> float:
        """Return how many units more could be had, were the pace not slowed down now."""
        lost, slowness = 0.0, self.slowness
        while slowness > 1.01 and n > 0:
            lost += min(n, PER_STEP) * (slowness - 1)
            n, slowness = n - PER_STEP, slowness * STEP_UP
        return lost


def of_requests(conn: Connection, now: int, limits: Limits, each_day: float = 0) -> Way:
    """Return the pace of requests. `each_day`: how many a day go to what jobs look at again and again."""
    kept = _kept(conn, "pacer")
    slowness = min(max(float(kept.get("slowness", 1.0)), 1.0), 8.0)
    paced = limits.requests_per_minute / 60
    measured = _measured(conn, "asking", paced)
    if not paced:
        likely = measured or ASSUMED_REQUESTS
        slow, fast = (likely * 0.7, likely * 1.4) if measured else (likely / 3, likely * 3)
    elif measured and slowness == 1:
        likely, fast = min(paced, measured), paced
        slow = likely * 0.9
    else:
        slow, likely, fast = paced * 0.8, paced, paced
    if kept.get("day") == jst_day(now):  # what was looked for today is looked for every day
        each_day = max(each_day, float((kept.get("spent_by_lane") or {}).get(Lane.NEW.name, 0)))
    cap = max(limits.requests_per_day * OPEN - UNDER_WAY - each_day, limits.requests_per_day / 20)
    spent = float(kept.get("spent_today", 0)) if kept.get("day") == jst_day(now) else 0.0
    opens_at, resting = _opens(conn, now, limits, int(kept.get("cooldown_until", 0)), spent >= cap > 0)
    return Way(
        slow, likely, fast, cap if limits.requests_per_day else 0, spent, opens_at, resting, slowness,
        _awake(limits.quiet), is_assumed=not paced and not measured,
    )  # fmt: skip


def of_files(conn: Connection, now: int, limits: Limits) -> Way:
    """Return how many bytes of files come in a second."""
    kept = _kept(conn, "image_budget")
    measured = _measured(conn, "fetching", 0)
    if measured:
        slow, likely, fast = measured * 0.75, measured, measured * 1.25
    else:
        likely = max((ASSUMED_BYTES, *(s.bytes / s.seconds for s in samples.read(conn) if s.seconds >= 1)))
        slow, fast = likely / 2, likely * 2
    cap = limits.bytes_per_day * OPEN
    spent = float(kept.get("bytes_today", 0)) if kept.get("day") == jst_day(now) else 0.0
    opens_at, resting = _opens(conn, now, limits, int(kept.get("cooldown_until", 0)), spent >= cap > 0)
    return Way(
        slow, likely, fast, cap, spent, opens_at, resting, awake=_awake(limits.quiet), is_assumed=not measured
    )


def _measured(conn: Connection, busy: Literal["asking", "fetching"], paced: float) -> float | None:
    """Return what a second brought while there was more to do all along; None if that was not measured."""
    found = [s for s in samples.read(conn) if (s.asking if busy == "asking" else s.fetching)]
    seconds = sum(s.seconds for s in found)
    done = sum(s.requests if busy == "asking" else s.bytes for s in found)
    # Less than half the pace is a rest or an outage, which is told apart.
    return done / seconds if seconds >= MEASURED_S and done / seconds > paced / 2 else None


def _kept(conn: Connection, key: str) -> Mapping[str, Any]:
    found = runs.get_saved(conn, key)
    return found if isinstance(found, dict) else {}


def _opens(conn: Connection, now: int, limits: Limits, cooldown: int, is_spent: bool) -> tuple[int, Resting]:
    """Return when something is sent again and why not before; (0, "") if it is sent now."""
    found: list[tuple[int, Resting]] = [(0, "")]
    if now < cooldown <= now + DAY_MS:
        found.append((cooldown, "limit"))
    if is_spent:
        found.append((next_jst_midnight(now), "day"))
    if limits.quiet and (ends := quiet_until(now, limits.quiet)):
        found.append((ends, "quiet"))
    if (pause := runs.pause_of_all(conn, now)) and pause.until:
        found.append((pause.until, "pause"))
    return max(found)


def _awake(quiet: tuple[int, int] | None) -> float:
    return 1.0 if quiet is None else 1 - (quiet[1] - quiet[0]) % 1440 / 1440
