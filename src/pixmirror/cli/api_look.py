"""What came of reading one saved answer, and how it is found: what was made again beside what was sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pixmirror.logs import HIDDEN
from pixmirror.models import Broken, Model


@dataclass(frozen=True)
class Look:
    """What came of one file. `parsed`: the models as JSON; `again`: the answer made from them once more."""

    file: str
    items: int = 0
    bad: tuple[Broken, ...] = ()
    unknown: tuple[str, ...] = ()
    error: str = ""
    says: str = ""
    parsed: Any = None
    again: Any = None
    lost: tuple[str, ...] = ()
    ok: bool = field(default=True)

    def as_dict(self, dump: bool) -> dict[str, Any]:
        """`error` is the name of our error, `says` its sentence."""
        row: dict[str, Any] = {
            "file": self.file,
            "ok": self.ok,
            "items": self.items,
            "bad_items": len(self.bad),
            "unknown_fields": list(self.unknown),
            "lost": list(self.lost),
            "problems": [f"{broken.path}: {broken.reason}" for broken in self.bad],
            "error": self.error or None,
            "says": self.says or None,
        }
        return row | ({"parsed": masked(self.parsed), "again": masked(self.again)} if dump else {})


SECRET = re.compile(
    r"(?:access|refresh|device|csrf)?_?token|client_secret|password|phpsessid|cookie|csrf|tt|post_?key|mail_address",
    re.IGNORECASE,
)


def masked(value: Any) -> Any:
    """JSON without tokens, passwords and cookies, to be handed to others."""
    if isinstance(value, dict):
        return {
            name: HIDDEN if isinstance(child, str) and _is_secret(str(name), child) else masked(child)
            for name, child in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(child) for child in value]
    return value


def _is_secret(name: str, value: str) -> bool:
    """Whether a value is one, and nobody has masked it before."""
    return SECRET.fullmatch(name) is not None and value not in ("", "REDACTED")


def wrong(name: str, error: str, says: str, before: str = "") -> Look:
    return Look(name, error=error, says=f"{before}{says}", ok=False)


def judged(look: Look, payload: Any) -> Look:
    """Compares what was made again with what was sent."""
    lost = tuple(dict.fromkeys(_general(place) for place in _differences(look.again, payload)))
    return replace(look, lost=lost, ok=not (lost or look.bad))


def dumped(item: Any) -> Any:
    """A model as JSON, with what it does not read."""
    return item.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


def unknown_in(item: Model, at: str = "") -> tuple[str, ...]:
    return tuple(dict.fromkeys(_general(f"{at}.{path}".lstrip(".")) for path in item.extra))


def _general(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


def _differences(made: Any, sent: Any, at: str = "") -> Iterator[str]:
    """The places at which two JSON values differ."""
    if isinstance(made, dict) and isinstance(sent, dict):
        for key in made.keys() | sent.keys():
            place = f"{at}.{key}".lstrip(".")
            if key in made and key in sent:
                yield from _differences(made[key], sent[key], place)
            else:
                yield place
    elif isinstance(made, list) and isinstance(sent, list) and len(made) == len(sent):
        for index, (one, other) in enumerate(zip(made, sent, strict=True)):
            yield from _differences(one, other, f"{at}[{index}]")
    elif made != sent:
        yield at or "(all)"
