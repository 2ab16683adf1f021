"""Replay the payloads of one work in their order: the row, the tags and the files that they imply; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from pydantic import ValidationError

from pixmirror.catalogue.payloads import LEGACY, unpack
from pixmirror.catalogue.seen import Seen
from pixmirror.ingest import merging, versions
from pixmirror.ingest.merging import Facts
from pixmirror.models import Illust, Lane, Novel, NovelText, UgoiraMetadata, read, work_key

Slot = tuple[str, int, str]  # role, index, version
_OF_A_STUB: dict[str, Any] = dict.fromkeys(merging.CONTENT) | {
    "title": "", "caption": "", "restrict": 0, "x_restrict": 0, "page_count": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """The files that one payload shows, and whether they are all of their roles."""

    at: int
    user_id: int
    files: Sequence[versions.File]
    whole: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A payload of a work, for what it says of tags, a series and a user."""

    payload_id: int
    at: int
    endpoint: str
    language: str | None
    work: Illust | Novel


@dataclass(slots=True)
class Replayed:
    """What the payloads of one work add up to."""

    key: int
    facts: Facts | None = None  # None: none of them could be read
    counters: dict[str, int | None] = field(default_factory=dict)
    first_at: int = 0
    first_state: str = "live"
    is_dumped: bool = False  # dumps alone told of it: Pixiv itself showed neither it nor a placeholder
    is_counted: bool = False  # its counters are those of an answer, not of a dump
    is_old: bool = False  # from before moves of counters and states were on record
    shown: list[Shown] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    payloads: int = 0
    unreadable: int = 0
    stripped: bool = False


def replay(key: int, payloads: Sequence[Any], *, stripped: bool = False) -> Replayed:
    """Replay all payloads of the work (id, endpoint, codec, body, seen_at, language); `stripped`: see `Answer`."""
    result = Replayed(key, stripped=stripped or any(p.endpoint == LEGACY for p in payloads))
    for payload in merging.oldest_first(payloads):
        result.payloads += 1
        try:
            _one(result, payload)
        except (ValidationError, ValueError, TypeError, AttributeError, RecursionError):
            result.unreadable += 1
    return result


def _one(result: Replayed, payload: Any) -> None:
    raw = unpack(payload.codec, payload.body, payload.base_body)
    user_id = result.facts.row["user_id"] if result.facts else None
    if payload.endpoint == "webview":
        novel = read(NovelText, raw)[0]
        _shows(result, payload, novel, user_id or novel.user_id)
    elif payload.endpoint == "ugoira":
        _shows(result, payload, read(UgoiraMetadata, raw)[0], user_id)
    else:
        work: Illust | Novel = (read(Novel, raw) if result.key & 1 else read(Illust, raw))[0]
        if payload.endpoint == "stub":
            _stub(result, payload, work)
        else:
            _work(result, payload, work)


def _stub(result: Replayed, payload: Any, work: Illust | Novel) -> None:
    """Make a row of a stub where there is none (architecture: stubs never overwrite)."""
    if result.facts is None:
        result.facts = Facts(_OF_A_STUB | {"type": work.type}, [])
        result.counters = dict.fromkeys(merging.COUNTERS)
    elif not result.is_dumped:
        return
    result.first_at, result.first_state, result.is_dumped = payload.seen_at, work.state.value, False


def _work(result: Replayed, payload: Any, work: Illust | Novel) -> None:
    is_dump = payload.endpoint == LEGACY
    if not result.is_counted:
        result.counters = merging.fold_counters(result.counters, work)
        result.is_counted = not is_dump
        result.is_old = not is_dump and payload.language is None
    if result.facts is None or (result.is_dumped and not is_dump):
        result.first_at, result.is_dumped = payload.seen_at, is_dump
    answer = merging.Answer(payload.endpoint, payload.seen_at, work, result.stripped)
    result.facts = merging.fold(result.facts, answer)
    result.said.append(Said(payload.id, payload.seen_at, payload.endpoint, payload.language, work))
    if not is_dump:
        _shows(result, payload, work, result.facts.row["user_id"])


def _shows(
    result: Replayed, payload: Any, item: Illust | Novel | NovelText | UgoiraMetadata, user_id: int | None
) -> None:
    if user_id:
        found = (Shown(payload.seen_at, user_id, files, whole) for files, whole in versions.shown_by(item))
        result.shown.extend(found)


def missing_files(replayed: Replayed, rows: Sequence[Any], *, wanted: bool) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of `media` that the payloads imply and that are not among `rows`, as ingestion makes them."""
    there = {(r.role, r.idx, r.version) for r in rows}
    if all((f.role, f.index, f.version) in there for shown in replayed.shown for f in shown.files):
        return
    implied: dict[Slot, SimpleNamespace] = {}
    for shown in replayed.shown:
        _compare(implied, replayed.key, shown, wanted=wanted)
    paths = {r.path for r in rows}
    for slot, row in implied.items():
        # The path of another file is never taken.
        if slot not in there and row.path not in paths:
            paths.add(row.path)
            yield {name: value for name, value in vars(row).items() if name != "id"}


def _compare(implied: dict[Slot, SimpleNamespace], key: int, shown: Shown, *, wanted: bool) -> None:
    seen = Seen(account_id=0, job="", now=shown.at, lane=Lane.BACKFILL)
    changes = versions.Changes()
    rows: Any = list(implied.values())
    mine = versions.WorkFiles(seen, key, shown.user_id, rows, wanted)
    versions.compare(changes, mine, shown.files, shown.whole)
    by_id = {row.id: row for row in implied.values()}
    for retired in changes.retired:
        row = by_id[retired["id"]]
        row.is_current = 0
        if row.state in ("wanted", "failed"):
            row.state, row.error = "gone", retired["reason"]
    for current in changes.current:
        by_id[current["id"]].is_current = 1
    for moved in changes.new_url:
        row = by_id[moved["id"]]
        row.url, row.alternates = moved["url"], moved["alternates"]
    for new in changes.new:
        row = SimpleNamespace(id=len(implied), **new)
        implied[row.role, row.idx, row.version] = row


def series_of(said: Said) -> tuple[int, str] | None:
    """Return key and title of the series that a payload puts its work in."""
    found = said.work.series
    return (work_key(said.work.medium, found.id), found.title) if found else None
