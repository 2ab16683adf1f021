"""`python -m tests.soak --hours 24`: the figures of the service, hour by hour. It fails as the test does."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.child import Figures
from tests.soak.day import day, leaked, swollen
from tests.soak.table import head, line


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--posts", type=int, default=8, help="new works in each hour")
    parser.add_argument("--without-http", action="store_true", help="no HTTP and no metrics, to compare")
    asked = parser.parse_args()
    if asked.hours < 4:
        parser.error("--hours: at least 4, for the first brings the mirror.")
    sys.stdout.write(head() + "\n")
    told: list[Figures] = []

    def tell(figures: Figures) -> None:
        told.append(figures)
        sys.stdout.write(line(len(told), figures) + "\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        day(Path(folder), asked.hours, observed=not asked.without_http, posts=asked.posts, told=tell)
    grown = leaked(told) + swollen(told)
    sys.stdout.write("\n".join(grown) + "\n")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
