"""One simulated year from its first day to its last."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

from pixmirror.daemon import asking
from pixmirror.demo.server import create_app
from tests.simulation import happenings
from tests.simulation.clock import YearClock
from tests.simulation.mirroring import PIXIV, Keeper, jobs
from tests.simulation.recorder import Recorder
from tests.simulation.year import Spec, Year
from tests.standin import Setup
from tests.virtual_time import run_virtually, serving


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that is left when it is over."""

    setup: Setup
    year: Year
    recorder: Recorder
    keeper: Keeper


def simulate(root: Path, spec: Spec) -> Outcome:
    """Lives through it; the judging is another's."""

    async def main(clock: YearClock) -> Outcome:
        year = Year(clock, spec)
        recorder = Recorder(create_app(year.world), clock)
        async with serving(recorder) as url:
            setup = Setup(root, url, jobs(spec.every), pixiv=PIXIV, mirror={"sidecars": False})
            rng = Random(f"{spec.seed} downtime")
            keeper = Keeper(setup, clock, recorder, rng, year.end_ms, year.quiet_from)
            happenings.begin(year)
            async with asyncio.TaskGroup() as group:
                group.create_task(year.happen())
                group.create_task(keeper.keep())
        return Outcome(setup, year, recorder, keeper)

    # At one request in two seconds more of them would only wake each other.
    with patch.multiple(asking, WALKERS=2, CHORE_RUNNERS=2):
        return run_virtually(main, make=YearClock)
