"""What is known of a mirror from outside its catalogue, and what that has noted, as the situations need it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.ingest import web_health
from pixmirror.models.jobs import JobConfig
from pixmirror.reports import troubles
from pixmirror.reports.headline import Around, Job, Planned
from pixmirror.reports.kept import kept_line
from pixmirror.reports.troubles import WEB_LOGIN, Trouble
from pixmirror.store.outside import Outside

Answer = Mapping[str, Any] | None  # of the running pixmirror to `status`; None where none runs, {} of a busy one
Due = Callable[[JobConfig, int | None], int | None]  # `schedule.due_after`


def around(
    conn: Connection, answer: Answer, outside: Outside, jobs: Sequence[JobConfig], reserve: int, due: Due
) -> Around:
    """Put together what is answered, what is seen from outside, and what the catalogue has noted."""
    running, states = answer or {}, runs.job_states(conn)
    told_of: Mapping[str, Any] = running.get("jobs") or {}
    login = "known" if answer is not None else outside.login
    return Around(
        daemon=answer is not None,
        holder=None if answer is not None else outside.holder,
        jobs=[
            Job(
                name=job.name,
                kind=job.kind,
                every=job.every,
                due=due(job, states[job.name].last_done_at if job.name in states else None),
                running=bool((told_of.get(job.name) or {}).get("running")),
                known=not told_of or job.name in told_of,
                reads_artists=job.keeps_fresh in ("named artists", "followed artists"),
            )
            for job in jobs
            if job.enabled
        ],
        told=[*_told(conn, answer, login)],
        login=login,
        login_at=outside.login_at,
        free=outside.room.free,
        reserve=reserve,
        media=str(outside.media),
        media_away=outside.room.away,
        blocked=running.get("blocked") or {},
        progress=kept_line(conn)[0],
        backups=outside.backups,
    )


def _told(conn: Connection, answer: Answer, login: str) -> Iterator[Trouble]:
    """Yield what stands still in the running process, or what stopped the last one; and our logins."""
    if answer is None:
        yield from troubles.kept(conn)
    else:
        yield from (Trouble(**one) for one in answer.get("troubles", ()))
    if login == "none":
        yield Trouble("login", "login", "There is no Pixiv login yet: run `pixmirror login`.", error="LoginNeeded")
    if (refusal := web_health.refusal(conn)) is not None:
        yield Trouble("login", WEB_LOGIN, str(refusal))


def planned(answer: Answer, jobs: Sequence[JobConfig], would_be: Mapping[str, int | None]) -> dict[str, Planned]:
    """Return when each job runs next; where nothing runs, when it `would_be` due."""
    told_of: Mapping[str, Any] = (answer or {}).get("jobs") or {}
    when = would_be if answer is None else {name: one.get("next_run") for name, one in told_of.items()}
    return {job.name: Planned(job.kind, when.get(job.name), job.enabled) for job in jobs}
