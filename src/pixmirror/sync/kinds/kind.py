"""What a kind of job does: its run, the lists that it reads, and what is known of it beforehand."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pixmirror.catalogue.database import Connection
from pixmirror.pixiv.app import AppApi
from pixmirror.reports.left import Asked
from pixmirror.sync.context import Context, Job, JobResult

Lists = Iterator[tuple[str, Mapping[str, Any]]]
Calls = Iterator[tuple[str, Callable[[], Awaitable[Any]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What the file of a kind gives, as its ACTIONS.

    `run`: read its lists once. `asks`: what the next run will ask, for `plan`, from the catalogue and the time
    (ms UTC). `first_look`: path and call of what it asks first, given our own user id. `lists`: endpoint and
    parameters of the lists that the job names itself. `leave`: let go of artists whom it names no more, given the
    account's id and the time.
    """

    run: Callable[[Context, Job], Awaitable[JobResult]]
    asks: Callable[[Job, Connection, int], Asked]
    first_look: Callable[[AppApi, Job, int], Calls]
    lists: Callable[[Job], Lists] = lambda job: iter(())
    leave: Callable[[Connection, Job, int, int], None] = lambda conn, job, account_id, now: None
