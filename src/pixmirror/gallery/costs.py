"""What a job costs, by the one estimate, in a sentence."""

import asyncio

from pixmirror.catalogue.words import many
from pixmirror.gallery.place import Gallery
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.estimate import Estimate, estimate, rounded
from pixmirror.reports.pace import Limits
from pixmirror.reports.plan import nothing_yet
from pixmirror.sync.planning import limits, planned
from pixmirror.terminal import size


async def cost_of(here: Gallery, job: JobConfig) -> str:
    """Say what a job still takes. It may read much of the catalogue: for who asks for it, not for every page."""
    now, most, asks = here.clock.now(), limits(here.config.pixiv, here.config.mirror), [planned(job)]
    if here.has_mirror():
        return said(await here.shelves.read(estimate, now, asks, most, job.name))

    def of_nothing(most: Limits) -> Estimate:
        with nothing_yet() as conn:
            return estimate(conn, now, asks, most, job.name)

    return said(await asyncio.to_thread(of_nothing, most))


def said(found: Estimate) -> str:
    """Write an estimate as a sentence."""
    if found.seconds is None:
        return (
            "First pictures at once. All of it is not known before its lists are read: pixmirror plan --ask asks."
        )
    day = f" After that about {many(rounded(found.each_day), 'request')} a day." if found.each_day >= 1 else ""
    if found.is_done:
        return f"Nothing is left: all that it asks for is here.{day}"
    requests, files = many(rounded(found.requests.likely), "request"), many(rounded(found.files.likely), "file")
    how_long = found.how_long()
    return f"{how_long[:1].upper()}{how_long[1:]}: about {requests}, {files} ({size(found.bytes.likely)}).{day}"
