"""Old dumps, SPAPI's CSV or the Public API's JSON, as today's models, entry by entry. No I/O."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pixmirror.models import Model, NovelText
from pixmirror.pixiv.legacy import objects, rows
from pixmirror.pixiv.legacy.pieces import pieces
from pixmirror.pixiv.legacy.records import Record, records

BOM = b"\xef\xbb\xbf"
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
# What lines of JSON begin with, and what none of them does: the first line of either may be damaged.
_JSON = re.compile(rb"^[ \t]*[\[{]", re.MULTILINE)
_ROW = re.compile(rb'^(?:"?[0-9]+"?,"?[0-9]+"?,|,"?[0-9]+"?,,)', re.MULTILINE)
UNREADABLE_TEXT = "Its text is neither UTF-8 nor cp932: what could not be read became U+FFFD."
EMPTY = "The answer is empty: the work was deleted, or is R-18 and nobody was logged in."


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a CSV, or one object of a JSON answer.

    `line`: where it begins in the file, from 1. `item`: Illust, Novel, User, or LegacyComment (it has no id);
    NovelText for a novel's text, Tag for a hot tag; None if it cannot be read. `raw`: as found, the list of
    columns or the JSON object; the bare text where it is neither.
    `trouble`: one sentence, why it cannot be read (`item` is None) or what is doubtful about it. `work`: what a
    comment belongs to, where the name of the file tells. `app`: the object in the App API's shape that `item` was
    read from (`type(item).model_validate(app) == item`), to be kept; what only the old API said, the old addresses
    among it, is there under `legacy`. The artist stands in `item.user`.
    """

    line: int
    item: Model | None
    raw: Any
    trouble: str = ""
    work: tuple[str, int] | None = None
    app: Mapping[str, Any] | None = None


def read_dump(data: bytes, name: str = "") -> Iterator[Entry]:
    """Every entry of a file, good or bad, in order; never an error. `name` is that of the file: the route in it
    (`novel.php`) tells a novel from an illust, the number in it what comments belong to.

    A damaged row ends before the next one. An empty file is one entry: deleted or hidden, no evidence of either.
    """
    if not data.strip():
        yield Entry(1, None, [], EMPTY)
    elif "novel_text" in name.lower():
        yield _text(data, name)
    elif _JSON.search(data.removeprefix(BOM)) and not _ROW.search(data):
        yield from _json(data)
    else:
        yield from _csv(data, name)


def hint(name: str) -> str:
    """Return what the rows of a file are, where its name has a route of SPAPI in it; "" if it does not tell."""
    low = name.lower()
    if "hot_tags" in low:
        return "tag"
    if re.search(r"user|mypixiv_all|_comments|novel_bookmarks", low) and "user_new_novel" not in low:
        return "person"
    if "novel" in low:
        return "novel"
    return "illust" if re.search(r"illust|manga|ranking|search|bookmark", low) else ""


def _csv(data: bytes, name: str) -> Iterator[Entry]:
    work = commented(name)
    what = hint(name)
    utf8 = any(not record.damage and _encoding(b",".join(record.columns)) == "utf-8" for record in records(data))
    for record in records(data):
        columns, text_trouble = _decoded(record, utf8)
        if record.damage:
            yield Entry(record.line, None, columns, f"{record.damage[:1].upper()}{record.damage[1:]}.")
            continue
        try:
            kind = rows.kind_of(columns, what)
            item, app = rows.read(columns, kind)
        except rows.Unreadable as error:
            yield Entry(record.line, None, columns, str(error))
            continue
        trouble = " ".join(filter(None, (text_trouble, rows.doubts(columns))))
        yield Entry(record.line, item, columns, trouble, work if kind == "comment" else None, app)


def _encoding(data: bytes) -> str:
    """Return in what some bytes are written: ascii, utf-8, cp932, or "" for neither."""
    for encoding in ("ascii", "utf-8", "cp932"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return ""


def _decoded(record: Record, utf8: bool) -> tuple[list[str], str]:
    """Return the columns as text, and what is doubtful of it: by row, as files were glued together."""
    encoding = _encoding(b",".join(record.columns))
    text = [column.decode(encoding or "utf-8", "replace") for column in record.columns]
    if not encoding:
        return text, UNREADABLE_TEXT
    return text, "It was read as cp932 among rows in UTF-8." if encoding == "cp932" and utf8 else ""


def _json(data: bytes) -> Iterator[Entry]:
    """Yield each object of the answers in a file; of a ranking its works, with the line of the ranking."""
    text, trouble = _text_of(data.removeprefix(BOM))
    for piece in pieces(text):
        if piece.damage:
            yield Entry(piece.line, None, piece.value, piece.damage)
        elif (failed := objects.failure(piece.value, "The answer is a failure")) is not None:
            yield Entry(piece.line, None, piece.value, str(failed))
        else:
            for raw in objects.ranked(piece.value):
                try:
                    item, app = objects.read(raw)
                except rows.Unreadable as error:
                    yield Entry(piece.line, None, raw, str(error))
                else:
                    yield Entry(piece.line, item, raw, trouble, None, app)


def _text_of(data: bytes) -> tuple[str, str]:
    encoding = _encoding(data)
    return data.decode(encoding or "utf-8", "replace"), "" if encoding else UNREADABLE_TEXT


def _text(data: bytes, name: str) -> Entry:
    """Read the body of a novel, which is no CSV; whose it is, only the name of the file can tell."""
    text, trouble = _text_of(data.removeprefix(BOM))
    novel_id = _id_in(name[name.lower().index("novel_text") :])
    if novel_id is None:
        return Entry(1, None, text, "It is the text of a novel, and the name of the file does not say of which.")
    app = {"id": novel_id, "text": text, rows.LEGACY: {"api": "spapi", "kind": "text"}}
    return Entry(1, NovelText.model_validate(app), text, trouble, None, app)


def commented(name: str) -> tuple[str, int] | None:
    """What the comments of a file belong to, by its name: `illust_comments.php?illust_id=5`, or a number in it
    that is no part of a date.
    """
    route = re.search(r"(illust|novel)_comments", name.lower())
    if route is None:
        return None
    work_id = _id_in(name[route.end() :])
    return (route[1], work_id) if work_id is not None else None


def _id_in(text: str) -> int | None:
    rest = _DATE.sub("", text)
    found = re.search(r"id[=_-]([0-9]{1,15})(?![0-9])", rest) or re.search(
        r"(?<![0-9])([0-9]{3,15})(?![0-9])", rest
    )
    return int(found[1]) or None if found else None
