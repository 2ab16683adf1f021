"""The text of a novel as blocks of words: what Pixiv's marks in it mean. Pure, and for any text.

A line is a paragraph. `[newpage]`, `[chapter:]`, `[uploadedimage:]` and `[pixivimage:]` stand between paragraphs,
`[[rb:]]`, `[[jumpuri:]]` and `[jump:]` among their words. What is no mark of these stays as it was written.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

OPENING = frozenset("「『（〈《【［〔“‘(")  # a paragraph that begins with one is not indented
WIDE_SPACE = "\u3000"

# Each branch ends at the first character that it does not take: nothing is tried twice, however long the text.
_RUBY = r"\[\[rb:(?P<base>[^\[\]>＞\n]*+)[>＞](?P<ruby>[^\[\]\n]*+)\]\]"
_INLINE = re.compile(
    _RUBY
    + r"|\[\[jumpuri:(?P<words>[^\[\]>＞\n]*+)[>＞](?P<address>[^\[\]\n]*+)\]\]|\[jump: *+(?P<page>\d{1,4}) *+\]",
    re.ASCII,
)
_BETWEEN = re.compile(
    r"(?P<newpage>\[newpage\])"
    r"|\[chapter:(?P<chapter>(?:[^\[\]\n]|\[\[rb:[^\[\]\n]*+\]\])*+)\]"
    r"|\[uploadedimage: *+(?P<image>\d{1,15}) *+\]"
    r"|\[pixivimage: *+(?P<work>\d{1,15})(?:-(?P<nth>\d{1,4}))?+ *+\]",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a paragraph; `ruby` is how they are read, where the author says it."""

    text: str
    ruby: str = ""
    kind: ClassVar[str] = "words"

    @property
    def plain(self) -> str:
        return f"{self.text}({self.ruby})" if self.ruby else self.text


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead out of the novel. The address is the author's: it may be anything."""

    text: str
    address: str
    kind: ClassVar[str] = "link"

    @property
    def plain(self) -> str:
        return f"{self.text} ({self.address})" if self.text else self.address


@dataclass(frozen=True, slots=True)
class Jump:
    """A way to another page of the novel."""

    page: int
    kind: ClassVar[str] = "jump"

    @property
    def plain(self) -> str:
        return f"(to page {self.page})"


Run: TypeAlias = Words | Link | Jump


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of the text. `blank`: empty lines before it; `lead`: wide spaces that it begins with."""

    runs: tuple[Run, ...]
    blank: int = 0
    lead: int = 0
    kind: ClassVar[str] = "paragraph"

    @property
    def plain(self) -> str:
        return WIDE_SPACE * self.lead + plain(self.runs)

    @property
    def is_indented(self) -> bool:
        """True for prose; what is spoken begins at the margin, and several spaces are a layout of their own."""
        first = self.runs[0]
        return self.lead == 1 or (self.lead == 0 and not (isinstance(first, Words) and first.text[0] in OPENING))


@dataclass(frozen=True, slots=True)
class Chapter:
    """The heading of a chapter."""

    runs: tuple[Run, ...]
    kind: ClassVar[str] = "chapter"

    @property
    def plain(self) -> str:
        return f"## {plain(self.runs)}"


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """A picture that the author uploaded with the novel, by its number."""

    number: int
    kind: ClassVar[str] = "uploadedimage"

    @property
    def plain(self) -> str:
        return f"(picture: embed_{self.number})"


@dataclass(frozen=True, slots=True)
class PixivImage:
    """A page of a work at Pixiv; pages count from 1."""

    work_id: int
    page: int = 1
    kind: ClassVar[str] = "pixivimage"

    @property
    def plain(self) -> str:
        return f"(picture: work {self.work_id}-{self.page})"


@dataclass(frozen=True, slots=True)
class NewPage:
    """Where page `number` begins; the first begins without one."""

    number: int
    kind: ClassVar[str] = "newpage"

    @property
    def plain(self) -> str:
        return f"--- page {self.number} ---"


Block: TypeAlias = Paragraph | Chapter | UploadedImage | PixivImage | NewPage


def parse(text: str) -> tuple[Block, ...]:
    """Return the blocks of a novel's text."""
    return tuple(_blocks(text.replace("\r\n", "\n").replace("\r", "\n")))


def plain(runs: Iterable[Run]) -> str:
    """Return these words as one reads them in plain text."""
    return "".join(run.plain for run in runs)


def _blocks(text: str) -> Iterator[Block]:
    at, page = 0, 1
    for found in _BETWEEN.finditer(text):
        yield from _paragraphs(text[at : found.start()])
        at = found.end()
        if found["newpage"]:
            page += 1
            yield NewPage(page)
        elif found["chapter"] is not None:
            if runs := _trimmed(_runs(found["chapter"].strip())):
                yield Chapter(runs)
        elif found["image"]:
            yield UploadedImage(int(found["image"]))
        else:
            yield PixivImage(int(found["work"]), int(found["nth"] or 1))
    yield from _paragraphs(text[at:])


def _paragraphs(text: str) -> Iterator[Paragraph]:
    """Yield the lines of what stands between two blocks. The line that a block stands in is no empty one."""
    blank = 0
    for line in text.removeprefix("\n").split("\n"):
        words = line.lstrip(WIDE_SPACE)
        if runs := _trimmed(_runs(words)):
            yield Paragraph(runs, blank, len(line) - len(words))
            blank = 0
        else:
            blank += 1


def _runs(line: str) -> list[Run]:
    runs, at = list[Run](), 0
    for found in _INLINE.finditer(line):
        run = _run(found)
        if run is not None:
            runs.append(Words(line[at : found.start()]))
            runs.append(run)
            at = found.end()
    runs.append(Words(line[at:]))
    return runs


def _run(found: re.Match[str]) -> Run | None:
    """Return what a mark means; None where it means nothing, and is words."""
    if found["page"]:
        return Jump(int(found["page"]))
    if found["base"] is not None:
        base = found["base"].strip()
        return Words(base, found["ruby"].strip()) if base else None
    address = found["address"].strip()
    return Link(found["words"].strip(), address) if address and " " not in address else None


def _trimmed(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Drop what is empty, and the space at the end of the line."""
    kept = [run for run in runs if not (isinstance(run, Words) and not run.text)]
    while kept and isinstance(last := kept[-1], Words) and not last.ruby:
        kept.pop()
        if text := last.text.rstrip():
            kept.append(Words(text))
            break
    return tuple(kept)
