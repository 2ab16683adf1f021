"""How fast it went lately, kept in `meta`, so that every process counts on with the same pace."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import runs

KEY = "samples"
MOST = 40
EACH_S = 15.0  # shorter ones are added to the one before


@dataclass(frozen=True, slots=True)
class Sample:
    """What was done in so many seconds until `at` (ms UTC); `asking`, `fetching`: there was always more to do."""

    at: int
    seconds: float
    requests: int
    files: int
    bytes: int
    asking: bool
    fetching: bool


def add(conn: Connection, new: Sample) -> None:
    """Keep one more sample, and forget the oldest."""
    kept = read(conn)
    if kept and kept[-1].seconds < EACH_S:
        last = kept.pop()
        new = Sample(
            new.at, last.seconds + new.seconds, last.requests + new.requests, last.files + new.files,
            last.bytes + new.bytes, last.asking and new.asking, last.fetching and new.fetching,
        )  # fmt: skip
    runs.set_json(conn, KEY, [list(asdict(one).values()) for one in [*kept, new][-MOST:]])


def read(conn: Connection) -> list[Sample]:
    """Return what is kept, oldest first."""
    return [Sample(*one) for one in runs.get_json(conn, KEY) or ()]
