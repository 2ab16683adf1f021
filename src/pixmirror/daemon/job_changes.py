"""A changed configuration: jobs that were renamed, that are gone, that are back.

A feed is keyed by what is asked, not by a job's name: renaming a job restarts nothing (architecture: walks). What
only a removed job wanted is wanted no more; its rows stay, so that all is as before when it comes back.
"""

from collections.abc import Mapping

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.runs import JobState
from pixmirror.ingest import sharing
from pixmirror.sync import sources
from pixmirror.sync.context import Job
from pixmirror.sync.kinds import KINDS

GONE_DIGEST = "removed"  # in place of a filter's: whoever comes back under this name is judged anew


async def hand_over_renamed(
    db: Database, states: Mapping[str, JobState], configured: frozenset[str], jobs: Mapping[str, Job]
) -> dict[str, str]:
    """{old name: new name} of jobs that go on under a new name, which has now seen what the old one saw.

    One job of a kind is missing and one of this kind is new: that is a rename. The caller applies the new filter.
    """
    gone = [s for s in states.values() if s.name not in configured and s.filter_digest != GONE_DIGEST]
    new = [job for job in jobs.values() if job.name not in states]
    renamed: dict[str, str] = {}
    for state in gone:
        heirs = [job for job in new if job.kind == state.kind]
        if len(heirs) == 1 and sum(s.kind == state.kind for s in gone) == 1:
            heir = heirs[0]
            if heir.kind == "user" and set(heir.users).isdisjoint(await db.read(sharing.scope_of, state.name)):
                continue
            after: int | None = -1
            while after is not None:
                after = await db.run(sharing.hand_over, state.name, heir.name, after)
            renamed[state.name] = heir.name
    return renamed


async def dismiss_removed(
    db: Database, states: Mapping[str, JobState], configured: frozenset[str], now: int
) -> tuple[str, ...]:
    """Jobs that the configuration no longer names want nothing. Says which they are."""
    gone = [s for s in states.values() if s.name not in configured and s.filter_digest != GONE_DIGEST]
    for state in gone:
        after: int | None = -1
        while after is not None:
            after = await db.run(sharing.no_longer_wanted, state.name, after, now)
        await db.run(runs.save_job, state.name, state.kind, GONE_DIGEST)
    return tuple(s.name for s in gone)


def leave_others(conn: Connection, job: Job, account_id: int, now: int) -> None:
    """Let go of the lists and artists that the job no longer names, and of what waits because of them."""
    kind = KINDS[job.kind]
    kind.leave(conn, job, account_id, now)
    own = {(endpoint, feeds.canonical(params)) for endpoint, params in kind.lists(job)}
    artists = (sources.USER_ILLUSTS, sources.USER_NOVELS) if job.wants.novels else (sources.USER_ILLUSTS,)
    known = feeds.lists_of(conn, job.name)
    feeds.leave(conn, job.name, [i for i, one in known.items() if one not in own and one[0] not in artists])
