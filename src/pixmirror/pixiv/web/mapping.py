"""The machinery of the border: web JSON to App-shaped JSON and back again, by tables, purely.

A lens moves one value from its path in the web object to its path in the App API's. What no lens takes stays
under `web`, by its own name; where moving changed the form of a value (a number that came as text), the form
that was sent is noted, so that nothing of an answer is lost and every answer can be made again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from pixmirror.models import JST

WEB, READ, AS_SENT = "web", "readPaths", "asSent"
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Codec:
    """How a value changes on its way in, and back."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Lens:
    """From `web` to `app`, both dotted paths; `only` if the value is of that type."""

    web: str
    app: str
    codec: Codec
    only: type | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """The lenses of one kind of thing; `mend` adds what follows from others and notes what it overrode. `under` is
    where the rest stays.
    """

    lenses: tuple[Lens, ...]
    mend: Callable[[dict[str, Any], Mapping[str, Any], dict[str, Any]], None] | None = None
    under: str = WEB

    def read(self, raw: Any) -> Any:
        """The App-shaped object; what is no object is left to the model to refuse."""
        if not isinstance(raw, dict):
            return raw
        app: dict[str, Any] = {}
        sent: dict[str, Any] = {}
        taken: dict[Lens, Any] = {}
        rest = dict(raw)
        for lens in self.lenses:
            value = _take(rest, lens)
            if value is not _MISSING:
                taken[lens] = value
                _put_new(app, lens.app, lens.codec.read(value))
        for lens, value in taken.items():
            if not _same(lens.codec.write(_get(app, lens.app)), value):
                sent[lens.web] = value
        if self.mend:
            self.mend(app, raw, sent)
        app[self.under] = rest | {READ: _shared(tuple(lens.web for lens in taken)), AS_SENT: sent}
        return app

    def write(self, app: Any) -> Any:
        """The web object again, of an App-shaped one that came from one."""
        if not isinstance(app, dict) or not isinstance(app.get(self.under), dict):
            return app
        web = dict(app[self.under])
        taken, sent = web.pop(READ, ()), web.pop(AS_SENT, {})
        for lens in self.lenses:
            if lens.web in taken:
                value = sent[lens.web] if lens.web in sent else lens.codec.write(_get(app, lens.app))
                _put(web, lens.web, value)
        return web


@lru_cache(maxsize=512)
def _shared(paths: tuple[str, ...]) -> tuple[str, ...]:
    return paths


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _take(rest: dict[str, Any], lens: Lens) -> Any:
    """The value at the lens's web path, taken out; an object that this empties goes too."""
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


def _put_new(target: dict[str, Any], path: str, value: Any) -> None:
    if _get(target, path) is None:
        _put(target, path, value)


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
    """123 for "123"; anything else as it is."""
    text = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
    return int(value) if text else value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _not(value: Any) -> Any:
    return not value if isinstance(value, bool) else value


def _epoch(value: Any) -> Any:
    stamp = number(value)
    if isinstance(stamp, bool) or not isinstance(stamp, int) or not -(10**6) < stamp < 10**11:
        return value
    return datetime.fromtimestamp(stamp, UTC).astimezone(JST).isoformat()


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _seconds(value: Any) -> Any:
    moment = _moment(value)
    return int(moment.timestamp()) if moment else value


def _minute(value: Any) -> Any:
    """Comments carry Japanese time without saying so, mostly to the minute."""
    moment = _moment(value)
    return moment.replace(tzinfo=JST).isoformat() if moment and moment.tzinfo is None else value


def _unminute(value: Any) -> Any:
    moment = _moment(value)
    return moment.strftime("%Y-%m-%d %H:%M") if moment else value


SAME = Codec(lambda value: value, lambda value: value)
ID = Codec(number, _text)  # a number that comes as text
NUM = Codec(number, lambda value: value)  # a number that should come as one
TEXT = Codec(lambda value: "" if value is None else value, lambda value: value)
DATE = Codec(lambda value: value, lambda value: value.isoformat() if isinstance(value, datetime) else value)
NOT = Codec(_not, _not)
EPOCH = Codec(_epoch, _seconds)
MINUTE = Codec(_minute, _unminute)


def wrapped(name: str) -> Codec:
    """An id that becomes an object with that id under `name`."""
    return Codec(
        lambda value: None if value in (None, "", 0, "0", False) else {name: number(value)},
        lambda held: _text(held.get(name)) if isinstance(held, Mapping) else None,
    )


def each(read: Callable[[Any], Any], write: Callable[[Any], Any]) -> Codec:
    """The same for every row of a list."""

    def over(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda rows: [change(row) for row in rows] if isinstance(rows, (list, tuple)) else rows

    return Codec(over(read), over(write))
