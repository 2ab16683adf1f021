"""The table of faults: each row stands on the test that shows it, and `pixmirror help faults` is made of the rows.

    @fault(Row(Kind.DNS, seen="...", rests="...", goes_on="...", told="...", back="..."))
    def test_...() -> None:
        ...
        told(Kind.DNS, text)  # what the user was told: the words of the row are in it

A test that shows several faults in one way takes each row in turn:

    @faults(Row(...), Row(...))
    def test_...(row: Row) -> None:

A test whose row was not compared with what the user was told fails. `python -m tests.fault_rows` writes the page.
"""

import functools
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "src" / "pixmirror" / "docs" / "faults.md"
WIDTH = 78
F = TypeVar("F", bound=Callable[..., Any])


class Kind(Enum):
    """Every kind of failure, in the order of the page: its section, and what it is called there."""

    DNS = "The network", "A name is not found (DNS)"
    CONNECT = "The network", "No connection"
    TLS = "The network", "No secure connection (TLS)"
    RESET = "The network", "Reset before an answer"
    RESET_INSIDE = "The network", "Reset inside a body"
    CUT = "The network", "A body that is cut"
    OVER_LONG = "The network", "A body that is too long"
    STALL = "The network", "An answer that stalls"
    DRIP = "The network", "An answer that only drips"
    SERVER_ERROR = "Pixiv", "Pixiv fails (5xx)"
    LIMIT_TIMED = "Pixiv", "429 with Retry-After"
    LIMIT = "Pixiv", "429 without Retry-After"
    LIMIT_403 = "Pixiv", '403 with "Rate Limit"'
    CLOUDFLARE = "Pixiv", "A page of Cloudflare"
    MAINTENANCE = "Pixiv", "Maintenance"
    LOGIN_REDIRECT = "Pixiv", "Sent to a login page"
    NOT_JSON = "Pixiv", "An answer that is no JSON"
    WRONG_TYPES = "Pixiv", "An answer with wrong types"
    EXPIRED = "The login", "An access token that has expired"
    REVOKED = "The login", "A login that was revoked"
    IMAGE_404 = "Files", "404 for a file"
    IMAGE_403 = "Files", "403 for a file"
    IMAGE_EMPTY = "Files", "A file without bytes"
    IMAGE_HTML = "Files", "A web page in place of a file"
    IMAGE_WRONG = "Files", "A file of another kind"
    DISK_FULL = "The disk", "The disk is full"
    QUOTA = "The disk", "The quota is used up"
    READ_ONLY = "The disk", "The disk becomes read-only"
    IO_ERROR = "The disk", "The disk fails (I/O error)"
    OPEN_FILES = "The disk", "Too many open files"
    BUSY = "The catalogue", "Another program locks the catalogue"
    CORRUPT = "The catalogue", "A damaged page in the catalogue"
    WAL_LOST = "The catalogue", "The log of the catalogue (-wal) is lost"
    CLOCK_FORWARD = "The clock", "The clock jumps ahead"
    CLOCK_BACK = "The clock", "The clock is set back"
    SUSPEND = "The clock", "The machine sleeps"
    KILLED = "The process", "Killed (SIGKILL, out of memory)"
    POWER = "The process", "The power is cut"
    SIGTERM = "The process", "Asked to stop (SIGTERM, Ctrl-C)"

    @property
    def section(self) -> str:
        return self.value[0]

    @property
    def title(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: what pixmirror sees, what rests for it, what goes on, what the user is told, what brings it back.

    `told` stands in what the user is told, with … for what differs; empty if nothing is told. `by`: where.
    """

    kind: Kind
    seen: str
    rests: str
    goes_on: str
    told: str
    back: str
    by: str = "`status` and the end of `sync`"


@dataclass(frozen=True, slots=True)
class Shown:
    """A row and the test that shows it."""

    row: Row
    test: str


ROWS: list[Shown] = []
_compared: list[set[Kind]] = []  # of the tests that run now, innermost last
_row_of: dict[Kind, Row] = {}
_more: dict[Kind, list[str]] = {}  # other tests of these faults


def fault(*rows: Row) -> Callable[[F], F]:
    """Put rows on the test that shows all of them."""
    return lambda test: _carrying(test, rows, lambda _: {row.kind for row in rows})


def faults(*rows: Row) -> Callable[[F], F]:
    """Put rows on a test that shows one after the other; each comes as its argument `row`."""

    def put(test: F) -> F:
        carrying = _carrying(test, rows, lambda given: {given["row"].kind})
        ids = [row.kind.name.lower().replace("_", " ") for row in rows]
        pytest.mark.parametrize("row", rows, ids=ids)(carrying)  # which marks the function itself
        return carrying

    return put


def also(*kinds: Kind) -> Callable[[F], F]:
    """Name a test on the page that shows more of these faults."""

    def put(test: F) -> F:
        for kind in kinds:
            _more.setdefault(kind, []).append(_name(test))
        return test

    return put


def told(kind: Kind, text: str | None) -> None:
    """Compare the row's words with what the user was told."""
    wanted, said = _row_of[kind].told, " ".join((text or "").split())
    pattern = ".*".join(re.escape(part) for part in wanted.split("…"))
    assert re.search(pattern, said) if wanted else not said, f"{kind.name}: {said!r} is not {wanted!r}"
    for compared in _compared:
        compared.add(kind)


def _carrying(test: F, rows: Iterable[Row], due: Callable[[dict[str, Any]], set[Kind]]) -> F:
    for row in rows:
        assert row.kind not in _row_of, f"{row.kind.name} has a row already"
        _row_of[row.kind] = row
        ROWS.append(Shown(row, _name(test)))

    @contextmanager
    def watching(given: dict[str, Any]) -> Iterator[None]:
        compared: set[Kind] = set()
        _compared.append(compared)
        try:
            yield
        finally:
            _compared.remove(compared)
        missing = {kind.name for kind in due(given) - compared}
        assert not missing, f"what the user is told was not compared with the rows of {missing}"

    @functools.wraps(test)
    def run(**given: Any) -> None:
        with watching(given):
            test(**given)

    @functools.wraps(test)
    async def run_async(**given: Any) -> None:
        with watching(given):
            await test(**given)

    return run_async if inspect.iscoroutinefunction(test) else run  # type: ignore[return-value]


def _name(test: Callable[..., Any]) -> str:
    test = inspect.unwrap(test)
    assert test.__name__.startswith("test_"), test.__name__
    words = test.__name__.removeprefix("test_").replace("_", " ")
    return f"{words} ({Path(inspect.getfile(test)).relative_to(TESTS.parent)})"


# -- the page ----------------------------------------------------------------------------------------------------

_HEAD = """# What can go wrong, and what happens then

Every kind of failure of the network, of Pixiv, of a disk, a clock or a
process: what pixmirror sees, what rests for it, what goes on, what you are
told, and what brings it back. Each block is written by a test that makes the
fault and looks at what follows; its name stands last. What to do by hand:
`pixmirror help recover`.

In all of them what is stored stays, nothing is given up, and `pixmirror why
ID` has the reason for a single work. … stands for what differs.

How long something rests:

- **A list or question:** asked three times within seconds, then after 5 and
  30 s, 2 and 10 minutes, 1 and 6 hours, at last once a day.
- **A file:** after 2 and 10 s, 1 and 10 minutes, 1 and 6 hours, 1, 3 and at
  last 7 days. Where files of three works fail one after the other, and one
  that is stored does not come again either, the image host: one file is tried
  now and then.
- **Pixiv:** when a second thing fails alike, and so does a control question:
  nothing is asked of Pixiv for 15 s, then 1, 5 and 15 minutes each. What
  failed meanwhile is asked for at once when it answers again.
- **A pause:** nothing is sent to that host for 1, 2, 4 … minutes, or as long
  as it says; then at half the pace, which rises slowly. Both outlive a
  restart.
- **The disk:** fetching, and where the catalogue lies there all that would be
  recorded: tried again after 15 s, then 1, 5 and 15 minutes each."""


def rows() -> list[Shown]:
    """Return all rows, in the order of their kinds."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if "tests.fault_rows import" in path.read_text("utf-8"):
            importlib.import_module(".".join(path.relative_to(TESTS.parent).with_suffix("").parts))
    order = list(Kind)
    return sorted(ROWS, key=lambda shown: order.index(shown.row.kind))


def page() -> str:
    """Return `help faults` as the rows make it."""
    blocks, section = [_HEAD], ""
    for shown in rows():
        row = shown.row
        if row.kind.section != section:
            section = row.kind.section
            blocks.append(f"## {section}")
        parts = (
            ("Seen", row.seen),
            ("Rests", row.rests),
            ("Goes on", row.goes_on),
            ("You are told", f'{row.by}: "{row.told}"' if row.told else "nothing"),
            ("Back", row.back),
            ("Shown by", "; ".join((shown.test, *sorted(_more.get(row.kind, ()))))),
        )
        lines = [f"### {row.kind.title}", "", *(_item(name, text) for name, text in parts)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _item(name: str, text: str) -> str:
    return textwrap.fill(
        f"- **{name}:** {text}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


if __name__ == "__main__":
    from tests import fault_rows  # the module that the tests import, not this one

    fault_rows.PAGE.write_text(fault_rows.page(), "utf-8")
