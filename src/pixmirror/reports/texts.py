"""Captions and novels as plain text: what Pixiv writes as HTML, or in its own marks, as one reads it. Pure."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from pixmirror.models.novel_markup import Chapter, NewPage, Paragraph, parse

_BREAKS = frozenset(("br", "p", "div", "li", "ul", "ol", "blockquote", "h1", "h2", "h3", "hr"))
_JUMP = re.compile(r"(?:https?://www\.pixiv\.net)?/jump\.php\?(?:url=)?(.+)", re.DOTALL)
_APP = re.compile(r"pixiv://(illusts|novels|users)/(\d+)", re.ASCII)
_ON_THE_WEB = {"illusts": "artworks/", "novels": "novel/show.php?id=", "users": "users/"}


def plain_caption(html: str) -> str:
    """Return a caption or a profile as text of several lines; a link is followed by its address."""
    reader = _read(html)
    lines = (line.rstrip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def addresses(html: str) -> list[str]:
    """Return where the links of a caption lead."""
    return [address for address in _read(html).addresses if address]


def _read(html: str) -> "_Caption":
    reader = _Caption()
    reader.feed(html.replace("\r\n", "\n"))
    reader.close()
    return reader


class _Caption(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.addresses: list[str] = []
        self._link: tuple[str, int] | None = None  # the address, and where its words begin

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self._break(tag)
        elif tag == "a":
            self._link = (address_of(dict(attrs).get("href") or ""), len(self.parts))
            self.addresses.append(self._link[0])

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS and tag != "br":
            self._break(tag)
        elif tag == "a" and self._link is not None:
            address, begin = self._link
            self._link = None
            words = "".join(self.parts[begin:]).strip()
            if address and not _says(words, address):
                self.parts.append(f" ({address})" if words else address)

    def _break(self, tag: str) -> None:
        if tag == "br" or (self.parts and not self.parts[-1].endswith("\n")):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _says(words: str, address: str) -> bool:
    """True if the words of a link are its address, maybe without the scheme."""
    bare = words.removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare == address.removeprefix("https://").removeprefix("http://").rstrip("/")


def address_of(href: str) -> str:
    """Return where a link of Pixiv's leads in the end; "" where that is nowhere on the web."""
    if jump := _JUMP.fullmatch(href):
        href = unquote(jump[1])
    if app := _APP.fullmatch(href):
        return f"https://www.pixiv.net/{_ON_THE_WEB[app[1]]}{app[2]}"
    if href.startswith("/") and not href.startswith("//"):
        return f"https://www.pixiv.net{href}"
    return href if _scheme(href) in ("http", "https", "mailto") else ""


def _scheme(href: str) -> str:
    try:
        return urlsplit(href).scheme
    except ValueError:
        return ""


def plain_novel(text: str) -> str:
    """Return a novel's text without Pixiv's marks: ruby in brackets, all else on lines of its own."""
    parts = list[str]()
    for block in parse(text):
        if isinstance(block, Paragraph):
            parts += [*("" for _ in range(min(block.blank, 1))), block.plain]
        elif isinstance(block, Chapter | NewPage):
            parts += ["", block.plain, ""]
        else:
            parts.append(block.plain)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip("\n")
