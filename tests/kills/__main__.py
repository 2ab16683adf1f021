"""`python -m tests.kills --kills 1000 --seed 1`: a mirror killed so often while one request in ten fails."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.children import forking
from tests.kills.life import Tally, live


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where both mirrors are left, to look at (default: nowhere)")
    asked = parser.parse_args()
    begin = time.monotonic()

    def tell(tally: Tally) -> None:
        line = f"{time.monotonic() - begin:6.0f} s: {tally.kills.total()} kills in {tally.runs} runs, "
        line += f"{tally.stages} stages, {tally.files} files, {tally.requests} requests, "
        sys.stdout.write(f"{line}{tally.failed.total()} failed\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder, forking() as children:
        tally = live(children, asked.keep or Path(folder), asked.seed, asked.kills, tell)
    sys.stdout.write(f"killed: {dict(tally.kills)}\nfailed: {dict(tally.failed)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
