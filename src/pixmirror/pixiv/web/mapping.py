"""Web JSON to App-shaped JSON, by tables, purely.

A lens moves one value from its path in the web object to its path in the App API's. What no lens takes stays
under `web`, by its own name; a value that cannot be told from what it became is noted there as it was sent. So
nothing of an answer is lost.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pixmirror.models import JST

WEB, AS_SENT = "web", "asSent"
_MISSING: Final = object()


def same(value: Any) -> Any:
    """Leave a value as it is."""
    return value


@dataclass(frozen=True, slots=True)
class Lens:
    """Read the value at `web` to `app`, both dotted paths; `only` if it is of that type. `told`: what was sent can
    be told from what it became, although it looks different.
    """

    web: str
    app: str
    read: Callable[[Any], Any] = same
    only: type | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The lenses of one kind of thing; `mend` adds what follows from others. The rest stays under `under`."""

    lenses: tuple[Lens, ...]
    mend: Callable[[dict[str, Any], Mapping[str, Any], dict[str, Any]], None] | None = None
    under: str = WEB

    def read(self, raw: Any) -> Any:
        """Return the App-shaped object; what is no object is left to the model to refuse."""
        if not isinstance(raw, dict):
            return raw
        app: dict[str, Any] = {}
        sent: dict[str, Any] = {}
        taken: list[tuple[Lens, Any, Any]] = []
        rest = dict(raw)
        for lens in self.lenses:
            value = _take(rest, lens)
            if value is not _MISSING:
                became = lens.read(value)
                taken.append((lens, value, became))
                if _get(app, lens.app) is None:
                    _put(app, lens.app, became)
        for lens, value, became in taken:
            held = _get(app, lens.app)
            if not (lens.told and held == became) and not alike(held, value):
                sent[lens.web] = value
        if self.mend:
            self.mend(app, raw, sent)
        app[self.under] = rest | {AS_SENT: sent}
        return app


def alike(held: Any, sent: Any) -> bool:
    """True if two values differ in form alone: a number as text, words as a list, a date with its zone, null."""
    if held is sent or held == sent:
        return True
    if (moment := moment_of(held)) is not None and (other := moment_of(sent)) is not None:
        return _in_japan(moment) == _in_japan(other)
    return sorted(_words(held)) == sorted(_words(sent))


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple):
        for child in value.values() if isinstance(value, Mapping) else value:
            yield from _words(child)
    elif value is not None:
        yield from str(value).split()


def _in_japan(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=JST)


def _take(rest: dict[str, Any], lens: Lens) -> Any:
    """Return the value at the lens's web path, taken out; an object that this empties goes too."""
    first, _, inner = lens.web.partition(".")
    value = rest.get(first, _MISSING)
    if inner:
        if not isinstance(value, dict) or inner not in value or not _fits(value[inner], lens):
            return _MISSING
        left = {name: child for name, child in value.items() if name != inner}
        if left:
            rest[first] = left
        else:
            del rest[first]
        return value[inner]
    if value is _MISSING or not _fits(value, lens):
        return _MISSING
    del rest[first]
    return value


def _fits(value: Any, lens: Lens) -> bool:
    return lens.only is None or isinstance(value, lens.only)


def _put(target: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        inner = target.get(name)
        target[name] = dict(inner) if isinstance(inner, dict) else {}
        target = target[name]
    target[last] = value


def _get(target: Mapping[str, Any], path: str) -> Any:
    value: Any = target
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def drop(app: dict[str, Any], sent: dict[str, Any], path: str, web: str, raw: Mapping[str, Any], to: Any) -> None:
    """Replace what a lens put at `path`, and note what was sent."""
    _put(app, path, to)
    sent[web] = raw[web]


def number(value: Any) -> Any:
    """Return 123 for "123"; anything else as it is."""
    text = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
    return int(value) if text else value


def negated(value: Any) -> Any:
    """Turn yes into no; anything else as it is."""
    return not value if isinstance(value, bool) else value


def or_empty(value: Any) -> Any:
    """Return "" for null; anything else as it is."""
    return "" if value is None else value


def epoch(value: Any) -> Any:
    """Return a time in ISO 8601, of seconds since 1970."""
    stamp = number(value)
    if isinstance(stamp, bool) or not isinstance(stamp, int) or not -(10**6) < stamp < 10**11:
        return value
    return datetime.fromtimestamp(stamp, UTC).astimezone(JST).isoformat()


def moment_of(value: Any) -> datetime | None:
    """Return the time that a value names; None if it is none."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def japanese(value: Any) -> Any:
    """Return a time with its zone, where it is Japan's and does not say so: in comments, and in the dead APIs."""
    moment = moment_of(value)
    return moment.replace(tzinfo=JST).isoformat() if moment and moment.tzinfo is None else value


def wrapped(name: str) -> Callable[[Any], Any]:
    """Return what turns an id into an object with that id under `name`."""
    return lambda value: None if value in (None, "", 0, "0", False) else {name: number(value)}


def as_tag(name: Any) -> Any:
    """Return a tag of its bare name."""
    return {"name": name} if isinstance(name, str) else name


def each(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what does the same to every row of a list."""
    return lambda rows: [read(row) for row in rows] if isinstance(rows, (list, tuple)) else rows
