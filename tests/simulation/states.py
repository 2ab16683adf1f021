"""Absent is not deleted, checked: where everything stands at the end, and that nothing stood where it was not."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pixmirror.demo.things import Key
from pixmirror.models import split_key
from tests.simulation.catalogue import Kept, key_of
from tests.simulation.clock import DAY_MS, HOUR_MS
from tests.simulation.log import Log, Thing
from tests.simulation.recorder import Recorder
from tests.simulation.year import Year

# What may be said of a thing that is in a state: a 404 alone says only that it is gone.
SAID = {
    "live": {"live"},
    "deleted": {"gone", "deleted"},
    "unknown": {"gone", "deleted", "unknown"},
    "limited": {"limited"},
    "mypixiv": {"mypixiv", "gone"},
    "private": {"private", "gone"},
    "user_gone": {"user_gone", "gone"},
    "user_suspended": {"user_suspended", "user_gone", "gone"},
    "gone": {"gone", "user_gone", "user_suspended"},
}
PLACEHOLDERS = {"limited": ("sanity_level", "unviewable"), "mypixiv": ("mypixiv",), "private": ("private",)}
LATE_MS = 45 * DAY_MS  # how long after its time a state may be believed: a second look, a downtime, a brake
JUDGED_MS = 14 * HOUR_MS  # how long after the second sighting it must be


@dataclass(slots=True)
class States:
    """`breaches` break a promise. `open`: not yet looked at often enough, by state."""

    breaches: list[str] = field(default_factory=list)
    open: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)


def judged(year: Year, recorder: Recorder, kept: Kept) -> States:
    """Everything at the end of the year."""
    found = States()
    for key, state in kept.works.items():
        _work(found, year.log, recorder, ("work", key), state)
    for user_id, state in kept.users.items():
        _user(found, year.log, recorder, user_id, state)
    _bookmarks(found, year, kept)
    _follows(found, year, kept)
    _comments(found, year, recorder, kept)
    found.breaches += _flips(year.log, kept)
    return found


def _work(found: States, log: Log, recorder: Recorder, thing: Thing, state: str) -> None:
    true, since = log.now(thing), log.since(thing)
    seen = [(at, s) for at, s in recorder.sightings.get(thing, ()) if at >= since and not recorder.lost(at)]
    if state in SAID[true]:
        found.right[f"works {true}"] += 1
    elif true == "live":
        if any(s == "live" for _, s in seen):
            found.breaches.append(f"{thing} is live and was seen so after {since}, the catalogue says {state}")
        found.open[f"works {true}, here {state}"] += 1
    elif _told_twice(seen, true, recorder.clock.now()):
        found.breaches.append(f"{thing} is {true} since {since}, was seen so twice, the catalogue says {state}")
    else:
        found.open[f"works {true}, here {state}"] += 1


def _told_twice(seen: list[tuple[int, str]], true: str, now: int) -> bool:
    """Two sightings a day apart that mean the same; the second one some time ago."""
    same = PLACEHOLDERS.get(true, ("404",))
    times = [at for at, s in seen if s in same and at <= now - JUDGED_MS]
    return bool(times) and times[-1] - times[0] >= DAY_MS


def _user(found: States, log: Log, recorder: Recorder, user_id: int, state: str) -> None:
    true, since = log.now(("user", user_id)), log.since(("user", user_id))
    seen = [(at, s) for at, s in recorder.sightings.get(("user", user_id), ()) if at >= since]
    seen = [(at, s) for at, s in seen if not recorder.lost(at)]
    if state in SAID[true]:
        found.right[f"users {true}"] += 1
        return
    told = any(s == "live" for _, s in seen) if true == "live" else _told_twice(seen, true, recorder.clock.now())
    if not told:
        found.open[f"users {true}, here {state}"] += 1
    else:
        found.breaches.append(f"user {user_id} is {true} since {since}, the catalogue says {state}")


def _bookmarks(found: States, year: Year, kept: Kept) -> None:
    for key in {*kept.bookmarks, *year.marks}:
        mark, row = year.marks.get(key), kept.bookmarks.get(key)
        if mark is None:
            right = row is not None and row.state != "live"
        else:
            right = row is not None and (row.state, row.restrict) == ("live", mark.restrict)
        _settled(found, year.log, ("bookmark", key), right, f"{mark} is {row}", "bookmarks")
        if mark is not None and row is not None and right:
            tags = row.tags == set(mark.tags)
            name = "bookmark tags" if tags else "bookmark tags, not the same"
            (found.right if tags else found.open)[name] += 1


def _follows(found: States, year: Year, kept: Kept) -> None:
    for user_id in {*kept.follows, *year.follows}:
        there, row = year.follows.get(user_id), kept.follows.get(user_id)
        if there is None or not year.is_here(user_id):
            right = row is None or row.state != "live"
        else:
            right = row is not None and (row.state, row.restrict) == ("live", there.restrict)
        _settled(found, year.log, ("follow", user_id), right, f"{there} is {row}", "follows")


def _settled(found: States, log: Log, thing: Thing, right: bool, told: str, kind: str) -> None:
    if right:
        found.right[kind] += 1
    else:
        found.breaches.append(f"{thing} since {log.since(thing)}: {told}")


def _comments(found: States, year: Year, recorder: Recorder, kept: Kept) -> None:
    walks: dict[Any, list[tuple[int, set[int]]]]
    walks = {key: _whole_walks(recorder, key) for key in recorder.comment_pages}
    owner: dict[Any, Key] = {}
    for on, pages in recorder.comment_pages.items():
        owner |= {(on[0], i): on for page in pages for i in page.ids}
    for key, (state, _, _) in kept.comments.items():
        true = year.log.now(("comment", key))
        if state == true:
            found.right[f"comments {true}"] += 1
        elif true == "live":
            found.breaches.append(f"comment {key} is there, the catalogue says {state}")
        else:
            since = year.log.since(("comment", key))
            times = [at for at, ids in walks.get(owner.get(key), ()) if at > since and key[1] not in ids]
            name = "comments deleted, looked at twice" if _apart(times) else "comments deleted, here live"
            found.open[name] += 1


def _apart(times: list[int]) -> bool:
    return bool(times) and times[-1] - times[0] >= DAY_MS


def _whole_walks(recorder: Recorder, key: Key) -> list[tuple[int, set[int]]]:
    """The walks over all root comments of a work that came from the first page to the last."""
    found: list[tuple[int, set[int]]] = []
    ids, expected = set[int](), -1
    for page in recorder.comment_pages[key]:
        if page.offset == 0:
            ids, expected = set(), 0
        if page.offset != expected:
            expected = -1
            continue
        ids |= page.ids
        expected += 30
        if page.is_last:
            found.append((page.at, ids))
    return found


def _flips(log: Log, kept: Kept) -> Iterator[str]:
    """Moves to a state that the thing did not have then, or shortly before."""
    for (kind, owner), changes in kept.changes.items():
        subject: Any = owner if kind in ("user", "follow") else split_key(owner)
        thing: Thing = (kind, subject)
        assert key_of(thing) == owner
        for change in changes:
            had = log.had(thing, change.at - LATE_MS, change.at)
            if not any(change.state in SAID[true] for true in had):
                yield f"{thing} moved to {change.state} at {change.at} ({change.evidence}); it had only been {had}"
