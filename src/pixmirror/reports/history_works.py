"""A work as each answer that is kept left it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from pixmirror.catalogue.payloads import LEGACY, unpack
from pixmirror.catalogue.sql import KEYS, listed, rows
from pixmirror.catalogue.words import pixiv_time
from pixmirror.ingest import captions, merging
from pixmirror.ingest.merging import Facts
from pixmirror.ingest.versions import File, fold_files, shown_by
from pixmirror.models import Illust, Novel, NovelText, UgoiraMetadata, read

__all__ = ["File", "Step", "steps_of_works", "work_steps"]

Slots = Mapping[tuple[str, int], File]
_TOLD = (
    "title", "caption", "tags", "type", "user_id", "series_id", "series_title", "create_date", "page_count",
    "width", "height", "restrict", "x_restrict", "sanity_level", "illust_ai_type", "text_length", "is_original",
    "language",
)  # fmt: skip
_PAYLOADS = f"""
SELECT p.owner_id, p.id, p.endpoint, p.codec, p.body, b.body AS base_body, p.seen_at
FROM payload p LEFT JOIN payload b ON b.id = p.base WHERE p.owner_kind = :kind AND p.owner_id {KEYS}"""
_TEXTS = f"SELECT work_key, digest, seen_at FROM text_version WHERE work_key {KEYS} ORDER BY id"
_ZIPS = f"""
SELECT owner_id, url, first_seen FROM media WHERE owner_kind = 'work' AND owner_id {KEYS} AND role = 'ugoira'
ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Step:
    """All that was known after one answer: fields by Pixiv's names, files by theirs (page 0, cover)."""

    at: int
    by: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    at: int
    endpoint: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """`work` is None until an answer was no stub."""

    work: Facts | None = None
    series_title: str | None = None
    files: Slots = field(default_factory=dict)
    frames: tuple[tuple[str, int], ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """The rows that the past of some works is told from, by their keys."""

    payloads: Mapping[int, Sequence[Any]]
    texts: Mapping[int, Sequence[Any]]
    zips: Mapping[int, Sequence[Any]]


def work_steps(conn: Connection, key: int) -> Iterator[Step]:
    """Yield one step for each kept answer, in the order in which they came."""
    return steps_of_works(conn, (key,))[key]


def steps_of_works(conn: Connection, keys: Collection[int]) -> dict[int, Iterator[Step]]:
    """Return the same of each of these works."""
    texts, zips = (by_owner(rows(conn, sql, keys=listed(keys))) for sql in (_TEXTS, _ZIPS))
    kept = _Kept(payloads_of(conn, "work", keys), texts, zips)
    is_stripped = captions.are_stripped(conn)
    return {key: _steps(kept, key, is_stripped) for key in keys}


def payloads_of(conn: Connection, kind: str, owners: Collection[int]) -> dict[int, list[Any]]:
    """Return the answers that are kept of each of these works or users, in the order in which they are joined."""
    found = by_owner(rows(conn, _PAYLOADS, kind=kind, keys=listed(owners)))
    return {owner: merging.oldest_first(answers) for owner, answers in found.items()}


def by_owner(found: Iterable[Any]) -> dict[int, list[Any]]:
    """Group rows by their first column, in their order."""
    groups: dict[int, list[Any]] = {}
    for one in found:
        groups.setdefault(one[0], []).append(one)
    return groups


def _steps(kept: _Kept, key: int, is_stripped: bool) -> Iterator[Step]:
    known = _Known()
    answers = _answers(kept, key)
    stripped = is_stripped or any(answer.endpoint == LEGACY for answer in answers)
    for answer in answers:
        try:
            known = _join(known, answer, key, stripped)
        except ValidationError:
            continue  # of a shape that is no longer read
        if known.work is not None or known.text is not None:
            yield Step(answer.at, answer.endpoint, _facts(known))


def _answers(kept: _Kept, key: int) -> list[_Answer]:
    found, dumps, now = [], [], 0
    for row in kept.payloads.get(key, ()):
        try:
            raw = unpack(row.codec, row.body, row.base_body)
        except (ValueError, RecursionError):
            continue  # garbled: `reindex` counts it
        if row.endpoint == LEGACY:
            dumps.append(_Answer(row.seen_at, row.endpoint, raw))
            continue
        now = max(now, row.seen_at)  # a clock that was set back does not change the order
        found.append(_Answer(now, row.endpoint, raw))
    found += _without_payload(kept, key, found)
    found.sort(key=lambda answer: answer.at)
    began = found[0].at if found else None
    return [*(replace(one, at=dumped_at(one.at, began)) for one in dumps), *found]


def dumped_at(at: int, began: int | None) -> int:
    """Return the time that a dump counts for: before anything that Pixiv itself showed us (from `began` on)."""
    return at if began is None else min(at, began - 1)


def _without_payload(kept: _Kept, key: int, found: Sequence[_Answer]) -> Iterator[_Answer]:
    """Yield texts and zips of which only the row is left, as answers."""
    told = {answer.raw.get("text") for answer in found if answer.endpoint == "webview"}
    for row in kept.texts.get(key, ()):
        if (text := f"sha256:{row.digest}") not in told:
            yield _Answer(row.seen_at, "webview", {"id": key >> 1, "text": text})
    if not any(answer.endpoint == "ugoira" for answer in found):
        for row in kept.zips.get(key, ()):
            yield _Answer(row.first_seen, "ugoira", {"zip_urls": {"medium": row.url}, "frames": []})


def _join(known: _Known, answer: _Answer, key: int, stripped: bool) -> _Known:
    if answer.endpoint == "stub":
        return known
    if answer.endpoint == "webview":
        novel = read(NovelText, answer.raw)[0]
        return replace(known, files=_files(known, novel), text=novel.text)
    if answer.endpoint == "ugoira":
        metadata = read(UgoiraMetadata, answer.raw)[0]
        frames = tuple((f.file, f.delay) for f in metadata.frames) or known.frames
        return replace(known, files=_files(known, metadata), frames=frames)
    item = (read(Novel, answer.raw) if key & 1 else read(Illust, answer.raw))[0]
    return known if item.is_stub else _join_work(known, item, answer, stripped)


def _join_work(known: _Known, item: Illust | Novel, answer: _Answer, stripped: bool) -> _Known:
    work = merging.fold(known.work, merging.Answer(answer.endpoint, answer.at, item, stripped))
    title = item.series.title if item.series else ""
    series = work.row["series_key"]
    if series is not None and known.work is not None and series == known.work.row["series_key"]:
        title = title or known.series_title or ""
    return replace(
        known,
        work=work,
        series_title=title or None,
        files=known.files if answer.endpoint == LEGACY else _files(known, item),
    )


def _files(known: _Known, item: Illust | Novel | NovelText | UgoiraMetadata) -> Slots:
    files = known.files
    for shown, whole in shown_by(item):
        files = fold_files(files, shown, whole)
    return files


def _facts(known: _Known) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if known.work is not None:
        row = known.work.row | {"tags": tuple(known.work.tags), "series_title": known.series_title}
        row["series_id"] = None if row["series_key"] is None else row["series_key"] >> 1
        row["create_date"] = pixiv_time(row["create_date"])
        row["illust_ai_type"] = row["ai_type"]
        facts = {name: row[name] for name in _TOLD}
    if known.text is not None:
        facts["text"] = known.text
    if known.frames:
        facts["frames"] = known.frames
    for slot in sorted(known.files, key=lambda s: (s[0] != "page", s)):
        facts[slot_name(*slot)] = known.files[slot]
    return facts


def slot_name(role: str, index: int) -> str:
    """Name a file: page 0, embed 12, cover, ugoira."""
    return f"{role} {index}" if role in ("page", "embed") else role
