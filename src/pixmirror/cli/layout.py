"""Where lines break, for all that people read: at words, never within an id, a date, a state or an amount."""

import re
import shutil
import sys
from collections.abc import Sequence

GAP = 2  # between the columns of a table
CUT = ("title", "artist", "name")  # the heads of columns that are cut where there is no room
LEAST_CUT, LEAST_TEXT, LEAST_NAME = 8, 16, 12
_NO_BREAK = "\x00"  # stands for a space at which no line breaks
_TOGETHER = re.compile(
    r"(?<=\d) (?=[A-Za-z%×])"  # 12 min, 1,770 works, 27 Nov
    r"|(?<=\b[A-Z][a-z][a-z]) (?=\d{4}\b)"  # Nov 2026
    r"|(?<=-\d\d) (?=\d\d:)"  # 2026-11-27 10:05
    r"|(?<=\bin) (?=\d)|(?<=\babout) (?=\d)| (?=ago\b)|(?<=\bpixmirror) (?=[a-z])"
)
_LABEL = re.compile(r" *\S+(?: \S+)*  +(?=\S)")
MOST_LABEL = 24
# A command to be pasted, not a sentence that begins with its name.
_PASTED = re.compile(r" *(?:\S*/)?(?:pixmirror|python3?|sudo|systemctl|cd|cp|install|useradd|pip)\s(?!.*[.:]$)")


def width() -> int | None:
    """Return how many columns there are to write in; None for a pipe or a file."""
    return max(20, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def cells(text: str) -> int:
    """Return how many columns a text takes: two for each letter of Japanese."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def wrapped(text: str, first: str = "", rest: str | None = None, room: int | None = None) -> str:
    """Return a sentence in lines that fit, begun with `first`, the others with `rest` (as far to the right)."""
    room = room or width()
    rest = " " * cells(first) if rest is None else rest
    if room is None:
        return first + text
    lines, line, is_empty = [], first, True
    for word in _words(text):
        if not is_empty and cells(line) + 1 + cells(word) > room:
            lines.append(line)
            line, is_empty = rest, True
        line += word if is_empty else f" {word}"
        is_empty = False
    return "\n".join([*lines, line])


def _words(text: str) -> list[str]:
    """Split a text where lines may break; what stands in backticks is one, if it is short."""
    text = re.sub(r"`[^`]{1,40}`", lambda found: found[0].replace(" ", _NO_BREAK), text)
    return [word.replace(_NO_BREAK, " ") for word in _TOGETHER.sub(_NO_BREAK, text).split(" ") if word]


def fitted(text: str) -> str:
    """Return lines that fit: what does not is wrapped, under its text if it begins with a label.

    A command that is to be pasted stays one line, and so does everything where nobody looks (`width`).
    """
    room = width()
    if room is None:
        return text
    return "\n".join(
        line if cells(line) <= room or _PASTED.match(line) else _fitted(line, room) for line in text.split("\n")
    )


def _fitted(line: str, room: int) -> str:
    label = _LABEL.match(line)
    if label and len(label[0]) <= MOST_LABEL:
        return wrapped(line[label.end() :], label[0], room=room)
    body = line.lstrip(" ")
    indent = " " * (len(line) - len(body))
    return wrapped(body, indent, indent + "  ", room)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a quiet table, the head first if it says anything. Where it is too wide titles are cut
    first, then sentences wrapped, then columns left out from the right, but for the first and for sentences.
    """
    shown = [head, *rows] if any(head) else list(rows)
    if not shown:
        return []
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    kept = list(range(len(head)))
    texts = [i for i in kept if any(row[i].count(" ") >= 3 for row in rows) and head[i] not in CUT]
    if (room := width()) is not None:
        _shrink(widths, [i for i in kept if head[i] in CUT], LEAST_CUT, room, kept)
        _shrink(widths, texts, LEAST_TEXT, room, kept)
        while _total(widths, kept) > room and (spare := [i for i in kept[1:] if i not in texts]):
            kept.remove(spare[-1])
        for i in (i for i in kept if i in texts or head[i] in CUT):  # what was left out made room
            natural = max(cells(row[i]) for row in shown)
            widths[i] = min(natural, max(widths[i], widths[i] + room - _total(widths, kept)))
    return [line for row in shown for line in _row([row[i] for i in kept], [widths[i] for i in kept], texts, kept)]


def figures(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table of names, figures (to the right) and reasons. Where it is narrow the reasons go
    below, and names are cut.
    """
    columns = list(zip(head, *rows, strict=True))
    widths, reasons = [max(map(cells, column)) for column in columns[:-1]], max(map(cells, columns[-1]))
    room = width()
    below = room is not None and sum(widths) + GAP * len(widths) + reasons > room
    if room is not None and below:
        widths[0] = min(widths[0], max(LEAST_NAME, room - sum(widths[1:]) - GAP * len(widths[1:])))
    lines = []
    for row in (head, *rows):
        name = cut(row[0], widths[0])
        shown = [name + " " * (widths[0] - cells(name))]
        shown += [" " * (size - cells(one)) + one for one, size in zip(row[1:-1], widths[1:], strict=True)]
        lines.append((" " * GAP).join(shown if below else [*shown, row[-1]]).rstrip())
        if below and row is not head and row[-1]:
            lines.append(wrapped(row[-1], "  ", "    "))
    return lines


def _total(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[i] for i in kept) + GAP * (len(kept) - 1)


def _shrink(widths: list[int], columns: Sequence[int], least: int, room: int, kept: Sequence[int]) -> None:
    """Make the widest of these columns narrower until the table fits, or all have come to the least."""
    while _total(widths, kept) > room and (wide := [i for i in columns if widths[i] > least]):
        widths[max(wide, key=lambda i: widths[i])] -= 1


def _row(row: Sequence[str], widths: Sequence[int], texts: Sequence[int], kept: Sequence[int]) -> list[str]:
    columns = [
        wrapped(cell, room=size).split("\n") if i in texts else [cut(cell, size)]
        for cell, size, i in zip(row, widths, kept, strict=True)
    ]
    lines = []
    for n in range(max(map(len, columns))):
        parts = (column[n] if n < len(column) else "" for column in columns)
        padded = (part + " " * (size - cells(part)) for part, size in zip(parts, widths, strict=True))
        lines.append((" " * GAP).join(padded).rstrip())
    return lines


def cut(text: str, room: int) -> str:
    """Return a text that takes no more than so many columns, its end shown as left out."""
    if cells(text) <= room:
        return text
    while text and cells(text) >= room:
        text = text[:-1]
    return f"{text.rstrip()}…"
