"""Read one page of each endpoint that the enabled jobs use, strictly: does Pixiv still answer as we read it?

`check --pixiv` does it, and a part of it comes before an account's first sync, which it stops only where a whole
answer cannot be read: a single item that cannot be is kept as it came, and reported.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from pixmirror.catalogue import runs
from pixmirror.daemon.mirror import Mirror
from pixmirror.daemon.replay import Answer, RecordingApi, ReplayingApi, write_answers
from pixmirror.errors import BadResponse, EndpointGone, Forbidden, InvalidRequest, NotFound
from pixmirror.models import Illust, Listing, Model, Novel, Received
from pixmirror.pixiv.app import AppApi, comments, illusts, novels, users
from pixmirror.sync.kinds import KINDS

log = logging.getLogger(__name__)

AT_MOST = 12
DONE = "first_look"  # the catalogue's note that this account had its first look
_OF_ILLUST = """id title type caption user tags create_date page_count width height x_restrict image_urls
    meta_single_page meta_pages total_view total_bookmarks"""
_OF_NOVEL = """id title caption user tags create_date page_count x_restrict image_urls text_length total_view
    total_bookmarks"""
EXPECTED: Mapping[type[Model], frozenset[str]] = {
    Illust: frozenset(_OF_ILLUST.split()),
    Novel: frozenset(_OF_NOVEL.split()),
}


@dataclass(slots=True)
class Probe:
    """What one endpoint answered. `unread` and `broken` are kept raw; `lossy`: the whole answer is unusable."""

    endpoint: str
    items: int = 0
    unread: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    error: str = ""
    lossy: bool = False


@dataclass(slots=True)
class Report:
    probes: list[Probe] = field(default_factory=list)
    requests: int = 0

    @property
    def lossy(self) -> bool:
        """Return whether data would be lost if a sync ran now."""
        return any(p.lossy for p in self.probes)

    def differences(self) -> Iterator[str]:
        """Yield a sentence for each thing that is not as expected, the bad ones first."""
        for p in sorted(self.probes, key=lambda p: not p.lossy):
            if p.error:
                yield f"{p.endpoint}: {p.error}"
            for reason in p.broken[:3]:
                yield f"{p.endpoint}: an item cannot be read: {reason}"
            if p.missing:
                yield f"{p.endpoint}: expected but absent: {', '.join(p.missing)}"
            if p.unread:
                yield f"{p.endpoint}: not read, only kept: {', '.join(p.unread)}"

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the report that a running pixmirror answered."""
        return cls([Probe(**one) for one in answer["endpoints"]], answer["requests"])

    def as_dict(self) -> dict[str, Any]:
        return {"lossy": self.lossy, "requests": self.requests, "endpoints": [asdict(p) for p in self.probes]}


# Ids from the answers so far, by what they are of (artist, illust, ugoira, novel), to ask for one of each.
_Seen = dict[str, int]
Call = Callable[[], Awaitable[Any]]


class WouldLose(BadResponse):
    """The first look found answers that cannot be read."""

    advice = "Run `pixmirror check --record DIR` and report it. `sync --skip-check` goes on all the same."


async def look_first(mirror: Mirror) -> None:
    """Look before an account's first sync whether Pixiv answers as we read it. WouldLose where data would be lost.

    It asks what the jobs ask first, and hands them the answers: it costs no request of its own.
    """
    looked: str | None = await mirror.db.read(runs.get_meta, DONE)
    if looked or not mirror.jobs:
        return
    report, answers = await _look(mirror, whole=False)
    if report.lossy:
        lines = "".join(f"\n  {line}" for line in report.differences())
        raise WouldLose(f"Pixiv's answers are not what pixmirror reads; data would be lost:{lines}")
    for probe in report.probes:
        if probe.error:
            log.warning("%s: %s The mirror begins without it.", probe.endpoint, probe.error)
    await mirror.db.run(runs.set_meta, DONE, str(mirror.account_id))
    mirror.api = ReplayingApi.of(mirror.api, answers)


async def first_look(mirror: Mirror, record: Path | None = None) -> Report:
    """Ask at most twelve times. Raises what concerns everything: no login, no network, a limit."""
    report, answers = await _look(mirror, whole=True)
    if record is not None:
        write_answers(record, answers)
    return report


async def _look(mirror: Mirror, *, whole: bool) -> tuple[Report, list[Answer]]:
    token = await mirror.log_in()
    api = RecordingApi.of(mirror.api)
    report, seen = Report(), _Seen()
    for name, call in _calls(mirror, api, seen, token.user_id, whole):
        if len(api.answers) >= AT_MOST:
            break
        report.probes.append(await _probe(name, call, seen))
    report.requests = len(api.answers)
    return report, api.answers


def _calls(mirror: Mirror, api: AppApi, seen: _Seen, me: int, whole: bool) -> Iterator[tuple[str, Call]]:
    """Yield what the enabled jobs ask first: lists, then what completes works, by examples from the lists.

    `whole`: also what they ask sooner or later.
    """
    asked: set[str] = set()
    jobs = [(kind, job) for name, kind in KINDS.items() for job in mirror.jobs.values() if job.kind == name]
    for kind, job in jobs:
        for path, call in kind.actions.first_look(api, job, me):
            if path not in asked:
                asked.add(path)
                yield path, call
    if "artist" in seen and "/v1/user/illusts" not in asked:
        yield "/v1/user/illusts", lambda: users.illusts(api, seen["artist"])
    if "ugoira" in seen:
        yield "/v1/ugoira/metadata", lambda: illusts.ugoira_metadata(api, seen["ugoira"])
    if "novel" in seen and any(job.wants.novels for job in mirror.jobs.values()):
        yield "/webview/v2/novel", lambda: novels.text(api, seen["novel"])
    if not whole:
        return
    if "illust" in seen:
        yield "/v1/illust/detail", lambda: illusts.detail(api, seen["illust"])
        if any(job.wants.comments for job in mirror.jobs.values()):
            yield "/v3/illust/comments", lambda: comments.illust_comments(api, seen["illust"])
    if "artist" in seen and any(job.wants.profiles for job in mirror.jobs.values()):
        yield "/v1/user/detail", lambda: users.detail(api, seen["artist"])


async def _probe(name: str, call: Call, seen: _Seen) -> Probe:
    probe = Probe(name)
    try:
        answer = await call()
    except BadResponse as error:
        probe.error, probe.lossy = str(error), True
        return probe
    except EndpointGone as error:
        # Nothing is lost by beginning without it: it is asked once a day.
        probe.error = str(error)
        return probe
    except (NotFound, Forbidden, InvalidRequest) as error:
        probe.error = f"not shown to this account: {error}"
        return probe
    received = answer.items if isinstance(answer, Listing) else (answer,)
    probe.items = len(received)
    if isinstance(answer, Listing):
        probe.broken = [f"{b.path}: {b.reason}" for b in answer.broken]
        probe.lossy = bool(answer.broken) and not received
    _compare(probe, received)
    _take_examples(seen, received)
    return probe


def _compare(probe: Probe, received: tuple[Received[Any], ...]) -> None:
    models = [r.item for r in received if not getattr(r.item, "is_stub", False)]
    unread = {re.sub(r"\[\d+\]", "[]", path) for model in models for path in model.extra}
    probe.unread = sorted(unread)
    expected = EXPECTED.get(type(models[0]), frozenset()) if models else frozenset()
    probe.missing = sorted(name for name in expected if all(name not in m.model_fields_set for m in models))


def _take_examples(seen: _Seen, received: tuple[Received[Any], ...]) -> None:
    for item in (r.item for r in received):
        if isinstance(item, Novel) and not item.is_stub:
            seen.setdefault("novel", item.id)
            continue
        if isinstance(item, Illust) and not item.is_stub:
            seen.setdefault("illust", item.id)
            if item.type == "ugoira":
                seen.setdefault("ugoira", item.id)
        if getattr(item, "user", None) is not None:
            seen.setdefault("artist", item.user.id)
