"""`python -m tests.simulation --days 365 --seed 1`: a year, every promise checked, the table of it."""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.simulation.report import report
from tests.simulation.simulate import simulate
from tests.simulation.year import Spec, small


def main() -> int:
    """0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet-days", type=int, help="at the end, in which nothing happens (default: an eighth)")
    parser.add_argument("--small", action="store_true", help="few artists, as the short test has it")
    parser.add_argument("--keep", type=Path, help="where the mirror is left, to look at (default: nowhere)")
    asked = parser.parse_args()
    quiet = asked.quiet_days or max(18, asked.days // 8)
    make = small if asked.small else Spec
    logging.disable(logging.CRITICAL)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        root = (asked.keep or Path(folder)) / "mirror"
        found = report(simulate(root, make(asked.days, asked.seed, quiet)))
    took = f"took {time.monotonic() - begin:.0f} s"
    sys.stdout.write("\n".join([*found.lines(), took]) + "\n")
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
