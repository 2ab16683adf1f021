"""How old each kind of event was when it was noticed."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from tests.simulation.catalogue import Kept, key_of
from tests.simulation.content import shows
from tests.simulation.log import Event, Log
from tests.simulation.recorder import Recorder
from tests.simulation.states import SAID

DRIFTS = {
    "bookmark added": ("added", "returned"),
    "bookmark made again": ("added", "returned", "renewed"),
    "bookmark removed": ("removed",),
    "bookmark restrict": ("restrict",),
    "bookmark tags": ("tags", "renewed"),
    "followed": ("added", "returned"),
    "followed again": ("added", "returned", "renewed"),
    "unfollowed": ("removed",),
    "follow restrict": ("restrict",),
}


@dataclass(slots=True)
class Ages:
    """Of one kind of event, in ms. `overtaken`: it was undone or changed again before anybody looked, or undid
    what nobody had seen. `open`: not noticed until the end."""

    noticed: list[int] = field(default_factory=list)
    overtaken: int = 0
    open: int = 0

    @property
    def total(self) -> int:
        return len(self.noticed) + self.overtaken + self.open

    @property
    def median(self) -> float:
        return median(self.noticed) if self.noticed else float("nan")

    @property
    def p95(self) -> float:
        return sorted(self.noticed)[math.ceil(0.95 * len(self.noticed)) - 1] if self.noticed else float("nan")


def ages(log: Log, recorder: Recorder, kept: Kept) -> dict[str, Ages]:
    """By kind of event."""
    found: dict[str, Ages] = defaultdict(Ages)
    later = _overtaken_at(log)
    for number, event in enumerate(log.events):
        of = found[event.kind]
        when = next((at for at in sorted(_moments(event, recorder, kept)) if at >= event.at), None)
        end = later.get(number)
        if when is not None and (end is None or when < end):
            of.noticed.append(when - event.at)
        elif end is not None or _never_missed(event, kept):
            of.overtaken += 1
        else:
            of.open += 1
    return dict(sorted(found.items()))


def _overtaken_at(log: Log) -> dict[int, int]:
    """When the next event undid or replaced this one."""
    found: dict[int, int] = {}
    last: dict[tuple[object, ...], int] = {}
    for number, event in enumerate(log.events):
        for name in event.after:
            if (event.subject, name) in last:
                found.setdefault(last[event.subject, name], event.at)
            last[event.subject, name] = number
    return found


def _never_missed(event: Event, kept: Kept) -> bool:
    """Whether it is back before it was believed to be away."""
    kind, _ = event.subject
    if event.after.get("state") != "live" or event.kind in DRIFTS:
        return False
    before = [c.state for c in kept.changes.get((kind, key_of(event.subject)), ()) if c.at <= event.at]
    return not before or before[-1] == "live"


def _moments(event: Event, recorder: Recorder, kept: Kept) -> Iterator[int]:
    kind, subject = event.subject
    if event.kind in DRIFTS:
        drift = kept.drift.get((kind, key_of(event.subject)), ())
        yield from (c.at for c in drift if c.state in DRIFTS[event.kind])
    elif "state" in event.after:
        changes = kept.changes.get((kind, key_of(event.subject)), ())
        yield from (c.at for c in changes if c.state in SAID[event.after["state"]])
    elif "text" in event.after and kind == "work":
        for stretch in recorder.versions.get(("text", subject, "webview"), ()):
            if stretch.content == event.after["text"]:
                yield from (at for at in stretch.at if not recorder.lost(at))
    else:
        for place in ("list", "own", "detail"):
            for stretch in recorder.versions.get((kind, subject, place), ()):
                if shows(stretch.content, event.after):
                    yield from (at for at in stretch.at if not recorder.lost(at))
