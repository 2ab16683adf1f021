"""Find the line of a TOML file on which a key or table stands; tomllib tells only those of syntax errors."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[int | str, ...]  # as pydantic writes it: ("jobs", 0, "every")

_MAY_END = re.compile("[]}]|\"\"\"|'''")  # what the last line of a value of several lines has


def lines_of(text: str) -> dict[Path, int]:
    """Return the first line, from 1, of every table and key of a text that is valid TOML."""
    found: dict[Path, int] = {}
    table: Path = ()
    lengths: dict[Path, int] = {}  # of the arrays of tables so far
    for line, statement, read in _statements(text):
        if statement.startswith("["):
            table = _table(read, statement.startswith("[["), lengths)
            found.setdefault(table, line)
            continue
        for path in _paths(read):
            found.setdefault(table + path, line)
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of a key, else of the table that it belongs to; None where the file has neither."""
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield each header and each assignment with its first line and what it says when it is read alone."""
    begun, first = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if begun and not _MAY_END.search(line):
            begun += f"\n{line}"
            continue
        if not begun:
            first = number
        begun = f"{begun}\n{line}" if begun else line
        try:
            read = tomllib.loads(begun)
        except tomllib.TOMLDecodeError:
            continue  # the value goes on
        if read:
            yield first, begun.strip(), read
        begun = ""


def _table(read: Mapping[str, Any], is_array: bool, lengths: dict[Path, int]) -> Path:
    """Return the path of a header, with the number of each array's table that it lies in."""
    names: list[str] = []
    at: Any = read
    while isinstance(at, Mapping) and at:
        names.append(next(iter(at)))
        at = at[names[-1]]
    path: Path = ()
    for name in names[:-1]:
        path += (name,)
        if path in lengths:
            path += (lengths[path] - 1,)
    path += (names[-1],)
    if is_array:
        lengths[path] = lengths.get(path, 0) + 1
        path += (lengths[path] - 1,)
    return path


def _paths(value: Any) -> Iterator[Path]:
    """Yield the path of everything within a value, outermost first."""
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, below in inner:
        yield (name,)
        yield from ((name, *path) for path in _paths(below))
