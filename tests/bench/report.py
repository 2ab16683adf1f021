"""Medians and ratios of what was measured, as a table and as JSON."""

import datetime
import os
import platform
import sqlite3
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import pixmirror
from tests.bench.measure import Figure, gallery_dl

_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Row:
    """All measurements of one thing. `ratio` is that of the medians."""

    scenario: str
    what: str
    subject: str
    unit: str
    values: tuple[float, ...]
    median: float
    ratio_to: str | None
    ratio: float | None
    target: float | None
    met: bool | None


def rows(figures: Iterable[Figure]) -> list[Row]:
    """One for each thing and each subject that it is put beside, in the order in which they were measured."""
    groups: dict[tuple[_Key, str | None], list[Figure]] = defaultdict(list)
    for figure in figures:
        groups[_key(figure, figure.subject), figure.ratio_to].append(figure)
    medians = {key: statistics.median(f.value for f in group) for (key, _), group in groups.items()}
    return [_row(group, medians) for group in groups.values()]


def _key(figure: Figure, subject: str) -> _Key:
    return figure.scenario, figure.what, subject, figure.unit


def _row(group: Sequence[Figure], medians: Mapping[_Key, float]) -> Row:
    f = group[0]
    median = medians[_key(f, f.subject)]
    other = medians.get(_key(f, f.ratio_to)) if f.ratio_to else None
    ratio = median / other if other else None
    judged = ratio if f.ratio_to else median
    met = None if f.target is None or judged is None else judged <= f.target
    values = tuple(figure.value for figure in group)
    return Row(f.scenario, f.what, f.subject, f.unit, values, median, f.ratio_to, ratio, f.target, met)


def table(found: Iterable[Row], console: Console) -> None:
    shown = Table("what", "subject", box=None)
    for name in ("median", "least", "most"):
        shown.add_column(name, justify="right")
    shown.add_column("beside")
    for name in ("ratio", "target"):
        shown.add_column(name, justify="right")
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in found:
        groups[row.scenario, row.what].append(row)
    before: Row | None = None
    for row in (row for group in groups.values() for row in group):
        new = before is None or (before.scenario, before.what) != (row.scenario, row.what)
        if new and before is not None:
            shown.add_section()
        style = {None: "", True: "green", False: "red"}[row.met]
        unit = "x" if row.ratio_to else f" {row.unit}".rstrip()
        target = "" if row.target is None else f"<= {row.target:g}{unit}"
        shown.add_row(
            f"{row.scenario}: {row.what}" if new else "",
            row.subject,
            f"{_number(row.median)} {row.unit}".strip(),
            _number(min(row.values)),
            _number(max(row.values)),
            row.ratio_to or "",
            "" if row.ratio is None else f"{row.ratio:.2f}x",
            f"[{style}]{target}[/]" if style else target,
        )
        before = row
    console.print(shown)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def document(found: Iterable[Row], runs: int, small: bool) -> dict[str, Any]:
    """What is written with --json."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "runs": runs,
        "small": small,
        "machine": {
            "cpu": _cpu_model(),
            "cores": os.cpu_count(),
            "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 10**6,
            "system": platform.platform(),
        },
        "versions": {
            "pixmirror": pixmirror.__version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "curl": _version(["curl", "--version"]),
            "gallery-dl": _version([str(gallery_dl()), "--version"]),
        },
        "figures": [asdict(row) for row in found],
    }


def _version(argv: list[str]) -> str | None:
    try:
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.splitlines()[0] if said else None


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
