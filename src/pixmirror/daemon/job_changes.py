"""What a changed configuration does to the catalogue: jobs that were renamed, are gone, are back, or filter
otherwise.

A feed is keyed by what is asked, not by a job's name: renaming a job restarts nothing (architecture: walks). What
only a removed job wanted is wanted no more; its rows stay, so that all is as before when it comes back.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.runs import JobState
from pixmirror.config import Config
from pixmirror.ingest import retrying, sharing
from pixmirror.ingest.filters import apply_refusals, facts_of, rejudge_novel_files
from pixmirror.sync import filters, sources
from pixmirror.sync.context import Job
from pixmirror.sync.kinds import KINDS

if TYPE_CHECKING:
    from pixmirror.daemon.mirror import Mirror

FACTS = 1000  # works of one transaction
GONE_DIGEST = "removed"  # in place of a filter's: whoever comes back under this name is judged anew


async def use_jobs(mirror: "Mirror", config: Config) -> None:
    """Use the jobs of this configuration from now on, and judge by a changed filter what is known already.

    The jobs change between two transactions: a page that is recorded later is judged by the new filters, and one
    that was recorded before is among what is known. A cut leaves the old digests, so that the next start goes on.
    """
    jobs = {job.name: job for job in (Job.of(c) for c in config.jobs if c.enabled)}
    configured = frozenset(c.name for c in config.jobs)
    states = await mirror.db.read(runs.job_states)
    gone = [s for s in states.values() if s.name not in configured and s.filter_digest != GONE_DIGEST]
    renamed = await _hand_over_renamed(mirror.db, gone, [job for job in jobs.values() if job.name not in states])
    await mirror.db.run(lambda conn: mirror.jobs.use(jobs))
    mirror.config = config
    for job in jobs.values():
        digest = job.wanted.digest()
        state = states.get(job.name)
        await mirror.db.run(_leave_others, job, mirror.account_id, mirror.clock.now())
        if job.name in renamed.values() or (state is not None and state.filter_digest not in (None, digest)):
            await _apply_filter(mirror, job)
        await mirror.db.run(runs.save_job, job.name, job.kind, digest)
    for removed in gone:  # which want nothing from now on
        after: int | None = -1
        while after is not None:
            after = await mirror.db.run(sharing.no_longer_wanted, removed.name, after, mirror.clock.now())
        await mirror.db.run(runs.save_job, removed.name, removed.kind, GONE_DIGEST)
    mirror.root.max_file = config.mirror.max_file
    await mirror.db.run(retrying.use_limit, config.mirror.max_file)
    await mirror.load_pauses()


async def _hand_over_renamed(db: Database, gone: Sequence[JobState], new: Sequence[Job]) -> dict[str, str]:
    """Let each renamed job have seen what it saw under its old name. Return {old name: new name}.

    A job was renamed if it alone of its kind is missing and one alone of this kind is new. The caller applies the
    new filter.
    """
    renamed: dict[str, str] = {}
    for state in gone:
        heirs = [job for job in new if job.kind == state.kind]
        if len(heirs) == 1 and sum(s.kind == state.kind for s in gone) == 1:
            heir = heirs[0]
            if heir.users and set(heir.users).isdisjoint(await db.read(sharing.scope_of, state.name)):
                continue
            after: int | None = -1
            while after is not None:
                after = await db.run(sharing.hand_over, state.name, heir.name, after)
            renamed[state.name] = heir.name
    return renamed


def _leave_others(conn: Connection, job: Job, account_id: int, now: int) -> None:
    """Let go of the lists and artists that the job no longer names, and of what waits because of them."""
    actions = KINDS[job.kind].actions
    actions.leave(conn, job, account_id, now)
    own = {(endpoint, feeds.canonical(params)) for endpoint, params in actions.lists(job)}
    artists = sources.OWN_LISTS if job.wants.novels else (sources.USER_ILLUSTS,)
    known = feeds.lists_of(conn, job.name)
    feeds.leave(conn, job.name, [i for i, one in known.items() if one not in own and one[0] not in artists])


async def _apply_filter(mirror: "Mirror", job: Job) -> None:
    """Judge again every work that the job has seen, without asking Pixiv."""
    after = 0
    while facts := await mirror.db.read(facts_of, job.name, after, FACTS):
        verdicts = {f.key: filters.refuse(job.wanted, f) for f in facts}
        await mirror.db.run(apply_refusals, job.name, verdicts, mirror.clock.now())
        after = facts[-1].key
    await mirror.db.run(rejudge_novel_files, job.name, job.wanted.files)
