"""The figures of the service as a table, the sizes in KB."""

from tests.soak.child import Figures
from tests.soak.day import CATALOGUE, LOG, SEARCH

SIZES = (CATALOGUE, f"{CATALOGUE}.db-wal", SEARCH, f"{SEARCH}.db-wal", LOG)
HEAD = ("hour", "anon MB", "rss MB", "objects", "fds", "threads", "tasks", "rows", *SIZES)


def head() -> str:
    return "  ".join(name.rjust(7) for name in HEAD)


def line(hour: int, figures: Figures) -> str:
    cells: list[object] = [hour, f"{figures.anonymous / 1e6:.1f}", f"{figures.resident / 1e6:.1f}"]
    cells += [figures.objects, figures.descriptors, figures.threads, figures.tasks, sum(figures.rows.values())]
    cells += [f"{figures.sizes.get(name, 0) / 1000:.1f}" for name in SIZES]
    return "  ".join(str(cell).rjust(max(len(name), 7)) for cell, name in zip(cells, HEAD, strict=True))
