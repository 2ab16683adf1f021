"""The time machine: what Pixiv showed of a work or a user and when, told from the answers that are kept.

Nothing of it is stored: each answer is joined to the ones before by the rules of ingestion (`merging`), and where
that changes anything, a version begins.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import KEYS, listed, made, row, rows
from pixmirror.catalogue.words import iso, plain
from pixmirror.ingest import stats
from pixmirror.ingest.files import readable_text
from pixmirror.ingest.stats import Point
from pixmirror.reports.history_users import steps_of_users, user_steps
from pixmirror.reports.history_works import File, Step, by_owner, steps_of_works, work_steps

MOST = 400  # lines told of one change
TOO_LONG = 5_000  # lines that are compared at all
_BREAK = re.compile(r"<br\s*/?>|\r\n|\n|\r|\[newpage\]")
_PROSE = ("caption", "comment", "workspace_comment")
_STATES = """
SELECT * FROM (SELECT first_at, state, evidence FROM sighting WHERE owner_kind = :kind AND owner_id = :owner
  ORDER BY id LIMIT 1)
UNION ALL
SELECT * FROM (SELECT at, state, evidence FROM state_change WHERE owner_kind = :kind AND owner_id = :owner
  ORDER BY id)"""
_REPLACED = """
SELECT old.owner_id FROM media old JOIN media new USING (owner_kind, owner_id, role, idx)
WHERE owner_kind = 'work' AND old.state = 'stored' AND NOT old.is_current
  AND new.state = 'stored' AND new.is_current
GROUP BY old.owner_id ORDER BY max(new.stored_at) DESC LIMIT :limit"""
_FILES = f"""
SELECT owner_id, role, idx, version, url, fetched_url, path, state, size, sha256, is_current, first_seen, stored_at
FROM media WHERE owner_kind = 'work' AND owner_id {KEYS} ORDER BY owner_id, role, idx, version"""
_TEXT = "SELECT id, body FROM text_version WHERE work_key = :key AND digest = :digest ORDER BY id DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a version and what we have of it: `state` and `path` are those of now."""

    role: str
    page: int
    version: str
    url: str
    state: str | None
    path: str | None
    size: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a novel."""

    id: int
    characters: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field; `diff` is for prose: removed lines begin with -, added ones with +."""

    field: str
    before: Any
    after: Any
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """What was first seen at `at`, by which class of endpoint; the first version's changes are all it showed."""

    number: int
    at: int
    by: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class StateMove:
    """A state as it was believed from `at` on; the first is the first sighting."""

    at: int
    state: str
    evidence: str


@dataclass(frozen=True, slots=True)
class History:
    ref: Ref
    link: str
    versions: tuple[Version, ...]
    states: tuple[StateMove, ...]
    files: tuple[dict[str, Any], ...]
    stats: tuple[Point, ...]

    def as_dict(self) -> dict[str, Any]:
        """What `show --history --json` prints."""
        result: dict[str, Any] = plain(self)
        return result


@dataclass(frozen=True, slots=True)
class Past:
    """A work or a user as it was known at a moment."""

    ref: Ref
    link: str
    moment: int
    version: int  # the number of the version that stood then, 0 if only its state was known
    of: int
    version_since: int | None
    state: StateMove | None
    fields: Mapping[str, Any]
    files: tuple[Kept, ...]
    text: str | None
    counters: Point | None

    def as_dict(self) -> dict[str, Any]:
        """What `show --at --json` prints: the fields stand beside the rest."""
        found = plain(self)
        fields = found.pop("fields")
        if "text" in fields:
            fields["text_version"] = fields.pop("text")
        head = {name: found.pop(name) for name in ("ref", "link")}
        times = {name: iso(getattr(self, name)) for name in ("moment", "version_since")}
        result: dict[str, Any] = head | times | fields | found | times
        return result


def history(conn: Connection, ref: Ref) -> History | None:
    """Return every dated version; None if nothing was ever seen of it."""
    steps, states = _steps(conn, ref), _states(conn, ref)
    if not steps and not states and not _is_known(conn, ref):
        return None
    told = _told(conn, ref)
    points = stats.series(conn, ref.work_key) if ref.work_key is not None else ()
    return History(ref, ref.url, told.versions(steps), states, told.files(), points)


def at(conn: Connection, ref: Ref, when: int) -> Past | None:
    """Return it as it was known at that moment; None if nothing was known of it yet."""
    steps = _steps(conn, ref)
    state = next((s for s in reversed(_states(conn, ref)) if s.at <= when), None)
    so_far = [s for s in steps if s.at <= when]
    if not so_far and state is None:
        return None
    told = _told(conn, ref)
    facts = so_far[-1].facts if so_far else {}
    counted = stats.series(conn, ref.work_key) if ref.work_key is not None and so_far else ()
    return Past(
        ref=ref,
        link=ref.url,
        moment=when,
        version=len(so_far),
        of=len(steps),
        version_since=so_far[-1].at if so_far else None,
        state=state,
        fields={name: told.value(name, value) for name, value in facts.items() if not isinstance(value, File)},
        files=tuple(told.kept(f) for f in facts.values() if isinstance(f, File)),
        text=told.text(facts.get("text")),
        counters=next((p for p in reversed(counted) if p.at <= when), None),
    )


def first_known(conn: Connection, ref: Ref) -> int | None:
    """Return when it was first seen."""
    moments = [s.at for s in _steps(conn, ref)[:1]] + [s.at for s in _states(conn, ref)[:1]]
    return min(moments, default=None)


def versions_of_works(conn: Connection, keys: Collection[int]) -> Iterator[tuple[int, tuple[Version, ...]]]:
    """Yield every dated version of each of these works."""
    files = _files(conn, keys)
    for key, steps in steps_of_works(conn, keys).items():
        yield key, _Told(conn, key, files.get(key, ())).versions(distinct(steps))


def versions_of_users(conn: Connection, ids: Collection[int]) -> Iterator[tuple[int, tuple[Version, ...]]]:
    """Yield every dated version of each of these users."""
    for user_id, steps in steps_of_users(conn, ids).items():
        yield user_id, _Told(conn).versions(distinct(steps))


def _files(conn: Connection, keys: Collection[int]) -> dict[int, list[Any]]:
    return by_owner(rows(conn, _FILES, keys=listed(keys)))


def summary(conn: Connection, ref: Ref) -> tuple[int, int | None]:
    """Return how many versions there are, and when the last one was first seen."""
    steps = _steps(conn, ref)
    return len(steps), steps[-1].at if steps else None


def replaced(conn: Connection, limit: int) -> tuple[Ref, ...]:
    """Return works of which a replaced file and its successor are both stored, newest first."""
    return made(conn, Ref.of_work, _REPLACED, limit=limit)


def _steps(conn: Connection, ref: Ref) -> list[Step]:
    found = user_steps(conn, ref.id) if ref.work_key is None else work_steps(conn, ref.work_key)
    return distinct(found)


def distinct(steps: Iterable[Step]) -> list[Step]:
    """Return only the steps that differ from the one before; those of one moment become one."""
    kept: list[Step] = []
    for step in steps:
        if kept and step.at == kept[-1].at:
            before = kept[-2].facts if len(kept) > 1 else None
            kept[-1] = Step(step.at, kept[-1].by, step.facts)
            if kept[-1].facts == before:
                kept.pop()
        elif not kept or step.facts != kept[-1].facts:
            kept.append(step)
    return kept


def _owner(ref: Ref) -> tuple[str, int]:
    return ("user", ref.id) if ref.work_key is None else ("work", ref.work_key)


def _is_known(conn: Connection, ref: Ref) -> bool:
    of_kind = "user WHERE id" if ref.work_key is None else "work WHERE work_key"
    return row(conn, f"SELECT 1 FROM {of_kind} = :owner", owner=_owner(ref)[1]) is not None


def _states(conn: Connection, ref: Ref) -> tuple[StateMove, ...]:
    kind, owner = _owner(ref)
    return made(conn, StateMove, _STATES, kind=kind, owner=owner)


_EMPTY = (None, "", ())


class _Told:
    """Turn what a step knows into what is shown: files with their rows, texts with their length."""

    def __init__(self, conn: Connection, key: int | None = None, files: Iterable[Any] = ()) -> None:
        self._conn = conn
        self._rows = {(r.role, r.idx, r.version): r for r in files}
        self._texts: dict[str, tuple[int | None, str]] = {}
        self._key = key

    def versions(self, steps: Sequence[Step]) -> tuple[Version, ...]:
        before: Mapping[str, Any] = {}
        found = []
        for number, step in enumerate(steps, 1):
            found.append(Version(number, step.at, step.by, tuple(self._changes(before, step.facts, number > 1))))
            before = step.facts
        return tuple(found)

    def _changes(self, before: Mapping[str, Any], after: Mapping[str, Any], diffs: bool) -> Iterable[Change]:
        for name in dict.fromkeys((*after, *before)):
            old, new = before.get(name), after.get(name)
            if old == new or (old in _EMPTY and new in _EMPTY) or (diffs and name not in before and new == 0):
                continue  # also a field that is heard of later than the others, and not set
            lines: tuple[str, ...] = ()
            if diffs and name in _PROSE:
                lines = diff(old or "", new or "")
            elif name == "text" and old is not None:
                lines = diff(self.text(old) or "", self.text(new) or "")
            yield Change(name, self.value(name, old), self.value(name, new), lines)

    def value(self, name: str, value: Any) -> Any:
        """Return the value as it is shown to users."""
        if isinstance(value, File):
            return self.kept(value)
        return self._text(value) if name == "text" and value is not None else value

    def kept(self, file: File) -> Kept:
        r = self._rows.get((file.role, file.index, file.version))
        if r is None:
            return Kept(file.role, file.index, file.version, file.url, None, None, None, None)
        return Kept(r.role, r.idx, r.version, r.fetched_url or r.url, r.state, r.path, r.size, r.sha256)

    def files(self) -> tuple[dict[str, Any], ...]:
        """Return every version of every file that has a row."""
        names = ("role", "version", "url", "path", "state", "size", "sha256")
        return tuple(
            {name: getattr(r, name) for name in names}
            | {"page": r.idx, "is_current": bool(r.is_current)}
            | {name: iso(getattr(r, name)) for name in ("first_seen", "stored_at")}
            for r in self._rows.values()
        )

    def text(self, digest: str | None) -> str | None:
        """Return a text by its digest; "" if it is not here any more."""
        return None if digest is None else self._found(digest)[1]

    def _text(self, digest: str) -> Text | None:
        text_id, text = self._found(digest)
        return None if text_id is None else Text(text_id, len(text), digest.removeprefix("sha256:"))

    def _found(self, digest: str) -> tuple[int | None, str]:
        if digest not in self._texts:
            r = row(self._conn, _TEXT, key=self._key, digest=digest.removeprefix("sha256:"))
            self._texts[digest] = (r.id, readable_text(r.body) or "") if r is not None else (None, "")
        return self._texts[digest]


def _told(conn: Connection, ref: Ref) -> _Told:
    key = ref.work_key
    return _Told(conn) if key is None else _Told(conn, key, _files(conn, (key,)).get(key, ()))


def diff(before: str, after: str) -> tuple[str, ...]:
    """Return a unified diff without head and context, by Pixiv's breaks (HTML in captions, pages in novels)."""
    old, new = (_BREAK.split(text) if text else [] for text in (before, after))
    if max(len(old), len(new)) > TOO_LONG:
        return (f"@@ {len(old):,} lines before, {len(new):,} after @@",)
    found = list(unified_diff(old, new, lineterm="", n=0))[2:]
    if len(found) > MOST:
        return (*found[:MOST], f"@@ and {len(found) - MOST:,} more lines @@")
    return tuple(found)
