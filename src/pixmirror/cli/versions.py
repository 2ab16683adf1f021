"""What `show --history` and `show --at` look like, and how a date is read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pixmirror.cli import formats
from pixmirror.cli.common import Session, say, tell
from pixmirror.clock import DAY_MS
from pixmirror.errors import ConfigError
from pixmirror.reports import states
from pixmirror.reports.texts import plain_caption
from pixmirror.terminal import one_line

MOST_LINES = 12  # of a diff
MOST_FILES = 20  # of a version
MOST_POINTS = 30  # of a table of counters
BEGIN = 1_189_382_400_000  # 2007-09-10 UTC: the day on which Pixiv began
_TIMED = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?P<second>:\d\d(?P<part>\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_HTML = ("caption", "comment", "workspace_comment")
_COUNTED = {"total_view": "views", "total_bookmarks": "bookmarks", "total_comments": "comments"}


def parse_moment(text: str) -> int:
    """Return the end of the day, minute or second that is written, in ms; UTC unless it names another zone."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            end = datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
            return int(end.timestamp() * 1000) - 1
        written = _TIMED.fullmatch(text)
        if written is None:
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        length = 1 if written["part"] else 1000 if written["second"] else 60_000
        return int(moment.timestamp() * 1000) + length - 1
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{text[:60]!r} is no date: write 2026-11-21, or 2026-11-21T18:30 (UTC), or 2026-11-21T18:30+09:00."
        ) from None


def past_moment(text: str, now: int) -> int:
    """Return a moment of which something may be known: since Pixiv began, and not after the end of today."""
    moment = parse_moment(text)
    if moment > now + DAY_MS:
        raise ConfigError(f"{text} lies in the future: nothing is known of it yet.")
    if moment < BEGIN:
        raise ConfigError(f"{text} lies before 2007-09-10, the day on which Pixiv began.")
    return moment


def when(text: str | None) -> str:
    """Return a time of JSON as one reads it."""
    return "" if text is None else f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


# --- history


def show_history(s: Session, found: Mapping[str, Any]) -> None:
    say(f"{found['ref']}  {formats.count(len(found['versions']), 'version')}")
    say(f"  {found['link']}")
    for entry in _in_order(found):
        say()
        if "state" in entry:
            say(f"{when(entry['at'])}  {_became(found['ref'], entry['state'])}{_evidence(entry)}")
            continue
        first = entry["number"] == 1
        seen = f"{'first ' if first else ''}seen {_SEEN.get(entry['by'], entry['by'])}"
        say(f"{when(entry['at'])}  version {entry['number']}, {seen}")
        _changes(s.media, entry["changes"], first)
    _stats(found["stats"])


_SEEN = {"feed": "in a list", "detail": "on its own page"}


def _evidence(move: Mapping[str, Any]) -> str:
    """Say by what a state was known, in brackets."""
    told = one_line(move["evidence"] or "")
    return f" ({'seen ' + _SEEN[told] if told in _SEEN else told})" if told else ""


def _became(ref: str, state: str) -> str:
    """Say in words what a work or a user became at Pixiv."""
    words = states.of_user(state) if ref.startswith("user:") else states.of_work(state, kept=True)
    return words.removesuffix(", kept here") or "shown by Pixiv"


def _in_order(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Sort versions and states by time, without a first `live`: the first version says as much."""
    states = found["states"]
    if found["versions"] and states and states[0]["state"] == "live":
        states = states[1:]
    yield from sorted([*found["versions"], *states], key=lambda entry: str(entry["at"]))


def _changes(media: Path, changes: Sequence[Mapping[str, Any]], first: bool) -> None:
    files = [c for c in changes if _is_file(c["before"]) or _is_file(c["after"])]
    for change in changes:
        if change in files:
            continue
        if first and change["after"] == 0:
            continue  # flags that are not set
        if first:
            say(f"  {_name(change['field'])}: {_value(change['after'])}")
        elif change["diff"]:
            _diff(change)
        elif change["field"] == "tags":
            say(f"  tags: {_tags(change['before'] or (), change['after'] or ())}")
        else:
            say(f"  {_name(change['field'])}: {_value(change['before'])} -> {_value(change['after'])}")
    for change in files[:MOST_FILES]:
        for line in _file(media, change):
            say(f"  {line}")
    if len(files) > MOST_FILES:
        say(f"  and {len(files) - MOST_FILES:,} more files: --json")


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and "role" in value


def _diff(change: Mapping[str, Any]) -> None:
    say(f"  {_name(change['field'])}:")
    lines = [line for line in change["diff"] if not line.startswith("@@ -")]
    for line in lines[:MOST_LINES]:
        say(f"    {line[:1]} {one_line(line[1:])}")
    if len(lines) > MOST_LINES:
        say(f"    and {len(lines) - MOST_LINES:,} more lines: --json")


def _tags(before: Sequence[str], after: Sequence[str]) -> str:
    moved = [f"+{one_line(t)}" for t in after if t not in before] + [
        f"-{one_line(t)}" for t in before if t not in after
    ]
    return ", ".join(moved) or f"in another order: {', '.join(one_line(t) for t in after)}"


def _file(media: Path, change: Mapping[str, Any]) -> Iterator[str]:
    """Print old and new beside each other, each with where it lies."""
    before, after = change["before"], change["after"]
    if before is None:
        yield f"{change['field']}: {_where(media, after)}"
    elif after is None:
        yield f"{change['field']} removed: {_where(media, before)}"
    else:
        yield f"{change['field']} replaced:"
        yield f"  old {_where(media, before)}"
        yield f"  new {_where(media, after)}"


def _where(media: Path, file: Mapping[str, Any]) -> str:
    if file["state"] == "stored":
        return f"{media / file['path']} ({formats.size(file['size'] or 0)})"
    return f"{file['state'] or 'never fetched'}: {file['url']}"


def _name(field: str) -> str:
    return field.replace("_", " ")


def _value(value: Any) -> str:
    if value in (None, "", [], ()):
        return "(none)"
    if isinstance(value, Mapping):
        return f"{value['characters']:,} characters" if "characters" in value else str(dict(value))
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], list | tuple):
            return f"{formats.count(len(value), 'frame')}, {sum(f[1] for f in value):,} ms"
        return ", ".join(one_line(v) for v in value)
    return one_line(value)


def _stats(points: Sequence[Mapping[str, Any]]) -> None:
    if not points:
        return
    say()
    shown = points if len(points) <= MOST_POINTS else [points[0], *points[1 - MOST_POINTS :]]
    rows = [(when(p["at"]), *("-" if p[name] is None else f"{p[name]:,}" for name in _COUNTED)) for p in shown]
    formats.table(("counted", *_COUNTED.values()), rows)
    if len(shown) < len(points):
        say(f"the first, and the last {MOST_POINTS - 1} of {len(points):,}; all: --json")


# --- at


def show_past(s: Session, found: Mapping[str, Any]) -> None:
    head = found.get("title") or found.get("name") or ""
    say(f"{found['ref']}  {one_line(head)}".rstrip())
    say(f"  {found['link']}")
    if found["version"]:
        say(f"  as known at {when(found['moment'])}: version {found['version']} of {found['of']}, "
            f"since {when(found['version_since'])}")  # fmt: skip
    else:
        say(f"  as known at {when(found['moment'])}: only its state")
    if state := found["state"]:
        say(f"  {_became(found['ref'], state['state'])} since {when(state['at'])}{_evidence(state)}")
    _fields(found)
    if counted := found["counters"]:
        told = [f"{counted[n]:,} {what}" for n, what in _COUNTED.items() if counted[n] is not None]
        say(f"  counted: {', '.join(told)}")
    for file in found["files"]:
        say(f"  {file['role']} {file['page']}: {_where(s.media, file)}")
    if found["text"]:
        say(f"\n{found['text']}")


_NOT_FIELDS = frozenset(
    ("ref", "link", "moment", "version", "of", "version_since", "state", "files", "text", "counters",
     "user_name")
)  # fmt: skip


def _fields(found: Mapping[str, Any]) -> None:
    shown = {k: v for k, v in found.items() if k not in _NOT_FIELDS and k not in ("title", "name")}
    for name, value in shown.items():
        if value in (None, "", [], 0):
            continue
        if name in _HTML:
            lines = plain_caption(value).split("\n")
            say(f"  {_name(name)}: {one_line(lines[0])}")
            for line in lines[1:]:
                tell(line, "    ")
        elif name == "user_id":
            artist = found.get("user_name")
            say(f"  by: {one_line(artist)} (user:{value})" if artist else f"  by: user:{value}")
        else:
            say(f"  {_name(name)}: {_value(value)}")
