"""A work on which a filter is tried: its facts, as the sync judges them, and how it may be named."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.refs import Ref
from pixmirror.ingest.filters import facts_of_these, reasons_of
from pixmirror.models import WorkFacts
from pixmirror.reports.grid import defaults
from pixmirror.reports.visible import visible


@dataclass(frozen=True, slots=True)
class Tried:
    """`facts` is None of a work of which nothing is known; `title` "" where it is hidden. `by_job`: why the job
    leaves it out as it is set now, "" if it keeps it, None if it never saw it.
    """

    ref: Ref
    title: str
    facts: WorkFacts | None
    is_forgotten: bool
    by_job: str | None


def tried(conn: Connection, key: int, job: str) -> Tried:
    """Return what is known of a work."""
    ref = Ref.of_work(key)
    if tombstones.works(conn, [key]):
        return Tried(ref, "", None, True, None)
    facts, shown = facts_of_these(conn, [key]), visible(conn, [key], defaults(conn))
    said = reasons_of(conn, job, [key])
    return Tried(
        ref, shown[0].title if shown else "", facts[0] if facts else None, False,
        (said[key] or "") if key in said else None,
    )  # fmt: skip
