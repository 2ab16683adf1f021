"""pixmirror beside the tools that a user would pick instead, and beside the limit of the machine.

    python -m tests.bench [SCENARIO ...] [--runs N] [--small] [--json FILE]

Prints a table of medians and ratios beside the targets. `--small` runs in seconds and says nothing about speed.
gallery-dl takes part if it is on the PATH, or where GALLERY_DL names it; it is no dependency of ours.
"""

import argparse
import compileall
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.bench import (
    backup,
    first_mirror,
    gallery,
    ingestion,
    nothing_new,
    pace,
    queue,
    report,
    scale,
    search,
    thumbs,
)
from tests.bench.measure import Figure, Options, Scenario
from tests.bench.standin import ROOT

SCENARIOS: dict[str, Scenario] = {
    first_mirror.NAME: first_mirror.scenario,
    first_mirror.NAME_TLS: first_mirror.over_tls,
    nothing_new.NAME: nothing_new.scenario,
    ingestion.NAME: ingestion.scenario,
    queue.NAME: queue.scenario,
    scale.NAME: scale.scenario,
    pace.NAME: pace.scenario,
    search.NAME: search.scenario,
    thumbs.NAME: thumbs.scenario,
    gallery.NAME: gallery.scenario,
    backup.NAME: backup.scenario,
}


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; default: all"
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a smoke test")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--folder", type=Path, help="where the files go (default: the system's temporary folder)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "pixmirror-bench",
        help="where generated catalogues stay for the next time (3 GB; default: %(default)s)",
    )
    asked = parser.parse_args(args)
    if unknown := [name for name in asked.scenarios if name not in SCENARIOS]:
        parser.error(f"no scenario is called {', '.join(unknown)}")
    if asked.runs < 1:
        parser.error("--runs must be at least 1")

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was started is ended
    compileall.compile_dir(str(ROOT / "src"), quiet=1)
    figures: list[Figure] = []
    for name in asked.scenarios or SCENARIOS:
        with tempfile.TemporaryDirectory(dir=asked.folder, prefix=f"bench-{name}-") as folder:
            figures += SCENARIOS[name](Options(asked.runs, asked.small, Path(folder), _say, asked.cache))
    found = report.rows(figures)
    report.table(found, Console(width=None if sys.stdout.isatty() else 160))
    if asked.json:
        asked.json.write_text(json.dumps(report.document(found, asked.runs, asked.small), indent=1) + "\n")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
