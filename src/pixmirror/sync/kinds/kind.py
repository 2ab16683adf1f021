"""What a kind of job is: its keys, its run, the lists that it reads, and what is known of it beforehand."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pixmirror.catalogue.database import Connection
from pixmirror.models.jobs import JobConfig
from pixmirror.pixiv import AppApi
from pixmirror.reports.plan import Asked
from pixmirror.sync.context import Context, Job, JobResult

Lists = Iterator[tuple[str, Mapping[str, Any]]]
Calls = Iterator[tuple[str, Callable[[], Awaitable[Any]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of job: a file beside this one, its line in KINDS, its keys in docs/config.md and the example.

    `lists`: endpoint and parameters of each list that the job reads by itself. `asks`: what its next run asks,
    for `plan`. `first_look`: path and call of what it asks first, given our own user id. `leave`: let go of the
    artists whom the job reads no more, given the account's id and the time.
    """

    config: type[JobConfig]
    run: Callable[[Context, Job], Awaitable[JobResult]]
    lists: Callable[[Job], Lists]
    asks: Callable[[Job, Connection, int], Asked]
    first_look: Callable[[AppApi, Job, int], Calls]
    leave: Callable[[Connection, Job, int, int], None] = lambda conn, job, account_id, now: None
