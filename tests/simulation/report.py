"""What a simulated year came to: the promises that were broken, if any, and the figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation import budget, covered, noticed, promises, states
from tests.simulation.catalogue import kept
from tests.simulation.clock import DAY_MS, HOUR_MS
from tests.simulation.covered import Covered
from tests.simulation.mirroring import PER_DAY
from tests.simulation.noticed import Ages
from tests.simulation.simulate import Outcome
from tests.simulation.states import States


@dataclass(frozen=True, slots=True)
class Report:
    """`broken` is empty, or something is wrong."""

    outcome: Outcome
    broken: list[str]
    states: States
    ages: dict[str, Ages]
    counts: dict[str, int]
    doubts: dict[str, int]
    covered: Covered

    def lines(self) -> Iterator[str]:
        """The table."""
        keeper, recorder, spec = self.outcome.keeper, self.outcome.recorder, self.outcome.year.spec
        quiet = f"the last {spec.quiet_days} of them quiet"
        yield f"{spec.days} days, {quiet}, seed {spec.seed}: {len(self.outcome.year.log.events)} events"
        down = keeper.down_ms / DAY_MS
        yield f"stopped {keeper.stops} times, killed {keeper.kills} times, away for {down:.1f} days in all"
        yield "kept: " + ", ".join(f"{n:,} {name}" for name, n in self.counts.items())
        yield ""
        yield f"{'event':30} {'all':>5} {'seen':>5} {'overtaken':>9} {'open':>5} {'median':>9} {'p95':>9}"
        for kind, of in self.ages.items():
            yield (
                f"{kind:30} {of.total:5} {len(of.noticed):5} {of.overtaken:9} {of.open:5} "
                f"{_age(of.median):>9} {_age(of.p95):>9}"
            )
        yield ""
        asked, days = sum(keeper.lanes.total.values()), budget.by_day(recorder)
        yield f"requests by lane ({asked:,}; most in a day {max(days.values())}, cap {PER_DAY}):"
        for lane, count in keeper.lanes.total.most_common():
            yield f"  {lane:10} {count:7,} {100 * count / asked:5.1f}%"
        yield "requests by endpoint:"
        for path, count in budget.endpoints(recorder).most_common():
            yield f"  {path:34} {count:7,}"
        yield "states that are right: " + _told(self.states.right)
        yield "states not yet settled: " + _told(self.states.open)
        proof = self.covered
        yield (
            f"coverage compared with the truth: {proof.compared} artists, {proof.works} works; "
            f"{proof.later} artists not read as a whole since it was quiet"
        )
        yield f"doubts at the end: {_told(self.doubts)}; brakes met: {len(keeper.brakes)}"
        yield from (f"  brake: {text}" for text in dict.fromkeys(keeper.brakes))
        yield from (f"  trouble: {text}" for text in keeper.troubles if "process is dead" not in text)
        yield f"promises broken: {len(self.broken)}"
        yield from (f"  {text}" for text in self.broken[:40])


def report(outcome: Outcome) -> Report:
    """Judges a year that is over."""
    year, recorder = outcome.year, outcome.recorder
    with kept(outcome.setup.root) as found:
        told = states.judged(year, recorder, found)
        proof = Covered()
        breaches = [
            *promises.broken(recorder, found), *told.breaches, *budget.broken(recorder),
            *covered.broken(year, found, proof),
        ]  # fmt: skip
        counts = {
            "works": len(found.works), "users": len(found.users), "comments": len(found.comments),
            "bookmarks": len(found.bookmarks), "follows": len(found.follows), "files": len(found.on_disk),
            "answers": len(recorder.requests),
        }  # fmt: skip
        ages = noticed.ages(year.log, recorder, found)
        return Report(outcome, breaches, told, ages, counts, dict(found.doubts), proof)


def _age(ms: float) -> str:
    if ms != ms:
        return "-"
    return f"{ms / DAY_MS:.1f} d" if ms >= DAY_MS else f"{ms / HOUR_MS:.1f} h"


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(counts.items())) or "none"
