"""A novel as its reader shows it: its text as blocks with their anchors, its pictures, where its links lead."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from pixmirror.catalogue.sql import listed, row, rows, value
from pixmirror.ingest.files import text_of
from pixmirror.models import work_key
from pixmirror.models.novel_markup import (
    Block,
    Chapter,
    Link,
    NewPage,
    Paragraph,
    PixivImage,
    Words,
    parse,
    plain,
)
from pixmirror.reports import series
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.local import local_pages
from pixmirror.reports.reading import Place, place_of
from pixmirror.reports.texts import address_of
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import is_hidden
from pixmirror.reports.work_pictures import Picture, pictures_of

Direction = Literal["h", "v"]
DIRECTION = "direction:novels"  # the setting
LETTERS_A_MINUTE = 1200  # that one reads: of an alphabet, and of the scripts of East Asia
SIGNS_A_MINUTE = 500

_NOVEL = "SELECT work_key, width, height, series_key, language, text_length FROM work WHERE work_key = :key"
_TEXT = "SELECT body FROM text_version WHERE work_key = :key ORDER BY id DESC LIMIT 1"
_SETTING = "SELECT value FROM own.setting WHERE key = :key"
_PAGES = """
SELECT m.owner_id, m.idx, m.sha256, m.path, t.width, t.height FROM media m
LEFT JOIN thumbs.thumb t ON t.sha256 = m.sha256
WHERE m.owner_kind = 'work' AND m.role = 'page' AND m.is_current = 1 AND m.state = 'stored'
  AND m.owner_id IN (SELECT value FROM json_each(:keys))"""


@dataclass(frozen=True, slots=True)
class Placed:
    """A block and what it is found by: of a paragraph a hash of its words, which outlives changes around it."""

    block: Block
    anchor: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """A page of another work that a novel shows: where it is here, and its file, if that is here, too.

    Of a work that the user hides `title` and file are left out.
    """

    url: str
    title: str
    name: str = ""  # of its file below /file/
    path: str = ""
    width: int = 0
    height: int = 0
    work: Tile | None = None


@dataclass(frozen=True, slots=True)
class NovelText:
    """A novel to read. `pictures` are the author's own by number, `embedded` those of works by id and page.

    `links` tells where the addresses in the text lead: to a page here, or out; what is no address of the web leads
    nowhere, and is left out.
    """

    work: Tile
    language: str
    blocks: tuple[Placed, ...]
    characters: int
    seconds: float  # about how long one reads it
    pictures: Mapping[int, Picture]
    embedded: Mapping[tuple[int, int], Embedded]
    links: Mapping[str, str]
    series: series.Place | None
    place: Place | None
    direction: Direction
    usual: Defaults

    @property
    def contents(self) -> tuple[Placed, ...]:
        """Return what the contents name: the chapters, or the pages of a novel without any."""
        chapters = tuple(one for one in self.blocks if isinstance(one.block, Chapter))
        return chapters or tuple(one for one in self.blocks if isinstance(one.block, NewPage))


def novel(conn: Connection, key: int, now: int) -> NovelText | None:
    """Return the newest text of a novel; None where there is none here, or it was forgotten."""
    work, shown = row(conn, _NOVEL, key=key), tiles(conn, [key])
    body = value(conn, _TEXT, key=key)
    if not shown or work is None or body is None:
        return None
    blocks, usual = parse(text_of(body)), defaults(conn)
    words = "".join("".join(plain_words(b).split()) for b in blocks)
    return NovelText(
        work=shown[0],
        language=_language(work.language),
        blocks=tuple(placed(blocks)),
        characters=work.text_length or len(words),  # as Pixiv counts, where it told
        seconds=reading_time(words),
        pictures={one.index: one for one in pictures_of(conn, work, now) if one.role == "embed"},
        embedded=_embedded(conn, blocks, usual),
        links=_links(conn, blocks),
        series=series.place_of(conn, key, work.series_key, usual),
        place=place_of(conn, key),
        direction="v" if value(conn, _SETTING, key=DIRECTION) == "v" else "h",
        usual=usual,
    )


def has_text(conn: Connection, key: int) -> bool:
    """Return whether there is a novel to read: its text is here, and not forgotten."""
    return value(conn, _TEXT, key=key) is not None and bool(tiles(conn, [key]))


def reading_time(words: str) -> float:
    """Return about how many seconds one reads these words."""
    signs = sum(letter > "\u2fff" for letter in words)
    return 60 * (signs / SIGNS_A_MINUTE + (len(words) - signs) / LETTERS_A_MINUTE)


def placed(blocks: Iterable[Block]) -> Iterator[Placed]:
    """Give each block its anchor. Paragraphs of the same words are numbered."""
    seen, chapters = Counter[str](), 0
    for block in blocks:
        if isinstance(block, Paragraph):
            anchor = f"p-{hashlib.blake2s(plain(block.runs).encode(), digest_size=5).hexdigest()}"
            seen[anchor] += 1
            yield Placed(block, anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}")
        elif isinstance(block, Chapter):
            chapters += 1
            yield Placed(block, f"c{chapters}")
        else:
            yield Placed(block, f"page-{block.number}" if isinstance(block, NewPage) else "")


def plain_words(block: Block) -> str:
    """Return the words of a block that one reads, without readings and marks."""
    runs = block.runs if isinstance(block, Paragraph | Chapter) else ()
    return "".join(run.text for run in runs if isinstance(run, Words | Link))


def _language(said: str | None) -> str:
    """Return the language of a text for `lang`, as far as Pixiv tells it; "" where the words must tell."""
    known = {"zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}
    return known.get(said or "", said if said in ("ja", "ko", "en") else "")


def _embedded(conn: Connection, blocks: Sequence[Block], usual: Defaults) -> dict[tuple[int, int], Embedded]:
    wanted = {(b.work_id, b.page) for b in blocks if isinstance(b, PixivImage)}
    keys = sorted({work_key("illust", work_id) for work_id, _ in wanted})
    works = {tile.ref.id: tile for tile in tiles(conn, keys)} if keys else {}
    files = {(r.owner_id >> 1, r.idx + 1): r for r in rows(conn, _PAGES, keys=listed(keys))} if works else {}
    found = {}
    for work_id, page in wanted:
        if tile := works.get(work_id):
            url = f"{tile.url}?p={page}" if page > 1 else tile.url
            found[work_id, page] = (
                Embedded(url, f"Work {work_id}")
                if is_hidden(tile, usual)
                else _page_of(url, tile, files.get((work_id, page)))
            )
    return found


def _page_of(url: str, work: Tile, file: Any) -> Embedded:
    if file is None:
        return Embedded(url, work.title)
    name = f"{file.owner_id}-{file.sha256}.{file.path.rpartition('.')[2]}"
    return Embedded(url, work.title, name, file.path, file.width or 0, file.height or 0, work)


def _links(conn: Connection, blocks: Sequence[Block]) -> dict[str, str]:
    texts = (b for b in blocks if isinstance(b, Paragraph | Chapter))
    said = {run.address: address_of(run.address) for b in texts for run in b.runs if isinstance(run, Link)}
    web = {address: out for address, out in said.items() if out.startswith(("http://", "https://"))}
    here = local_pages(conn, web.values())
    return {address: here.get(out, out) for address, out in web.items()}
