"""The daemon's metrics in the words of Prometheus; `pixmirror help metrics` lists them.

They are put together at each scrape, from counters in memory and from reports/. Labels hold our own words
and names of jobs and hosts: no title, no address, nothing of anybody else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily as Counter
from prometheus_client.metrics_core import GaugeMetricFamily as Gauge
from prometheus_client.metrics_core import Metric
from prometheus_client.metrics_core import SummaryMetricFamily as Summary
from prometheus_client.registry import Collector

from pixmirror import __version__
from pixmirror.daemon import headline
from pixmirror.pixiv.hosts import APP_HOST, WEB_HOST
from pixmirror.pixiv.outcomes import LANES, OUTCOMES
from pixmirror.reports.headline import Headline
from pixmirror.reports.monitoring import Monitored, monitored
from pixmirror.store import outside
from pixmirror.store.outside import Room

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

__all__ = ["CONTENT_TYPE", "Facts", "expose", "gather"]

IMAGE_HOST = "i.pximg.net"
JOB_OUTCOMES = ("done", "failed", "interrupted")
Samples = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one scrape tells, beside what the daemon has in memory."""

    now: int
    headline: Headline
    seen: Monitored
    room: Room


async def gather(daemon: "Daemon") -> Facts:
    """Ask the catalogue and look at the disk. CatalogueError, StorageError."""
    m = daemon.mirror
    now = m.clock.now()
    found = await headline.situations(daemon)
    return Facts(now, found[0], await m.db.read(monitored, now), outside.on_disk(m.root.media))


def expose(daemon: "Daemon", facts: Facts, *, process: bool = True) -> bytes:
    """Return all metrics as text; with `process` also the memory, CPU and descriptors of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families([
        *_of_health(daemon, facts), *_of_requests(daemon, facts), *_of_queue(facts), *_of_mirror(daemon, facts),
        *_of_scrub(facts), *_of_jobs(daemon, facts),
    ]))  # fmt: skip
    if process:
        ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Families(Collector):
    """Hands over what was put together for this scrape."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _gauge(name: str, says: str, value: float | None) -> Iterator[Metric]:
    """Yield a gauge without labels; without a value there is none."""
    if value is not None:
        yield Gauge(f"pixmirror_{name}", says, value)


def _gauges(name: str, says: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    found = Gauge(f"pixmirror_{name}", says, labels=labels)
    for values, value in samples:
        found.add_metric(values, value)
    return found


def _age(now: int, since: int | None) -> float:
    return max(now - since, 0) / 1000 if since is not None else 0.0


def _of_health(daemon: "Daemon", facts: Facts) -> Iterator[Metric]:
    yield _gauges("info", "The version that runs.", ("version",), [((__version__,), 1)])
    yield from _gauge("start_time_seconds", "When it started, Unix time.", daemon.started_at / 1000)
    yield from _gauge(
        "healthcheck_code", "Exit code of pixmirror healthcheck: 0 well, 3 login, 6 disk, 7 you, 8 Pixiv.",
        int(facts.headline.code),
    )  # fmt: skip
    yield from _gauge("paused", "1 while everything is paused by the user.", facts.seen.is_paused)
    yield _gauges(
        "brake_held", "Things that would change at once, and are not believed to.", ("kind",),
        [((kind,), count) for kind, count in facts.seen.brakes.items()],
    )  # fmt: skip


def _of_requests(daemon: "Daemon", facts: Facts) -> Iterator[Metric]:
    t, p = daemon.mirror.transport, daemon.mirror.config.pixiv
    found = Counter(
        "pixmirror_requests", "Requests sent, by lane and by how they ended.", labels=("lane", "outcome")
    )
    for lane in LANES:
        for outcome in OUTCOMES:
            if count := t.outcomes.counted[lane, outcome]:
                found.add_metric((lane, outcome), count)
    yield found
    yield Counter("pixmirror_image_received_bytes", "Bytes of files received.", t.counts.image_bytes)
    left = max(p.requests_per_day - t.pacer.spent_today, 0) if p.requests_per_day else None
    yield from _gauge("requests_left", "Requests that may still be sent this day (Japanese time).", left)
    left = max(p.image_bytes_per_day - t.images.bytes_today, 0) if p.image_bytes_per_day else None
    yield from _gauge("image_bytes_left", "Bytes of files that may still come this day (Japanese time).", left)
    ends = {host: t.pacer.state.of(host).cooldown_until for host in (APP_HOST, WEB_HOST)}
    ends[IMAGE_HOST] = t.images.state.cooldown_until
    yield _gauges(
        "cooldown_seconds", "For how long a host is still left alone, as it asked for.", ("host",),
        [((host,), max(until - facts.now, 0) / 1000) for host, until in ends.items()],
    )  # fmt: skip


def _of_queue(facts: Facts) -> Iterator[Metric]:
    seen, now = facts.seen, facts.now
    yield _gauges(
        "queue_files", "Files to fetch: wanted now, or waiting for another try.", ("state",),
        [(("wanted",), seen.files.wanted), (("waiting",), seen.files.waiting)],
    )  # fmt: skip
    yield _gauges(
        "queue_questions", "Questions to Pixiv that are due, by lane.", ("lane",),
        [((lane.name.lower(),), count) for lane, count in seen.questions.items()],
    )  # fmt: skip
    yield from _gauge("queue_list_gaps", "Parts of lists that are still to be read.", seen.gaps)
    yield _gauges(
        "queue_oldest_age_seconds", "For how long the first of a queue waits; 0: it is empty.", ("queue",),
        [((queue,), _age(now, since)) for queue, since in seen.oldest.items()],
    )  # fmt: skip


def _of_mirror(daemon: "Daemon", facts: Facts) -> Iterator[Metric]:
    files, seen = facts.seen.files, facts.seen
    yield _gauges(
        "works", "Works that are known, by medium.", ("medium",),
        [(("illust",), seen.works), (("novel",), seen.novels)],
    )  # fmt: skip
    states = ("stored", "gone", "failed", "damaged", "refused")
    yield _gauges(
        "files", "Files by what became of them.", ("state",), [((s,), getattr(files, s)) for s in states]
    )
    yield from _gauge("stored_bytes", "Bytes of all stored files.", files.bytes_stored)
    yield from _gauge("disk_free_bytes", "Bytes free on the disk of the media folder.", facts.room.free)
    if facts.room.free is not None and seen.growth.per_day > 0:
        room = max(facts.room.free - daemon.mirror.config.mirror.keep_free, 0)
        left = room / seen.growth.per_day * 86400
        yield from _gauge("disk_full_seconds", "Until the disk is full but for its reserve, as it grows.", left)


def _of_scrub(facts: Facts) -> Iterator[Metric]:
    seen = facts.seen
    if seen.proved_at is not None:
        age = _age(facts.now, seen.proved_at)
        yield from _gauge(
            "scrub_oldest_proof_age_seconds", "Since the file was read that was so longest ago.", age
        )
    yield _gauges(
        "scrub_findings", "What is not as it was stored, by kind.", ("kind",),
        [((kind,), count) for kind, count in seen.findings.items()],
    )  # fmt: skip
    yield from _gauge("scrub_lost_files", "Files found missing or bad that are asked for again.", seen.lost)


def _of_jobs(daemon: "Daemon", facts: Facts) -> Iterator[Metric]:
    ran, names = daemon.engine.ran, list(daemon.mirror.jobs)
    runs = Counter("pixmirror_job_runs", "Runs of each job that ended, by outcome.", labels=("job", "outcome"))
    took = Summary("pixmirror_job_duration_seconds", "How long the runs of each job took.", labels=("job",))
    for name in names:
        for outcome in JOB_OUTCOMES:
            runs.add_metric((name, outcome), ran.ended[name, outcome])
        took.add_metric(
            (name,), sum(ran.ended[name, outcome] for outcome in JOB_OUTCOMES), ran.seconds.get(name, 0.0)
        )
    yield runs
    yield took
    known = {name: facts.seen.jobs[name] for name in names if name in facts.seen.jobs}
    yield _gauges(
        "job_last_success_age_seconds", "Seconds since the last run of each job that ended well.", ("job",),
        [((n,), _age(facts.now, one.last_done_at)) for n, one in known.items() if one.last_done_at is not None],
    )  # fmt: skip
    yield _gauges(
        "job_failures", "Runs of each job that failed in a row.", ("job",),
        [((name,), one.failures) for name, one in known.items()],
    )  # fmt: skip
