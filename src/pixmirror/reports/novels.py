"""What there is to read: all novels, the newest first, by how they begin; and where reading stopped."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.sql import rows
from pixmirror.models.novel_markup import Paragraph, parse
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.series import series_url
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import VISIBLE, allowed, visible

SHOWN = 30
GOING_ON = 12
_READ = 6_000  # bytes of a text, for its first line
_LINE = 140  # characters of it

_PAGE = f"""
SELECT w.work_key, w.text_length, w.series_key, s.title AS series, p.updated_at AS read_at,
  (SELECT t.body FROM text_version t WHERE t.work_key = w.work_key ORDER BY t.id DESC LIMIT 1) AS body
FROM work w LEFT JOIN series s ON s.series_key = w.series_key LEFT JOIN own.place p ON p.work_key = w.work_key
WHERE w.work_key & 1 AND w.work_key < :below AND (w.user_id IS NOT NULL OR w.title != '') AND {VISIBLE}
ORDER BY w.work_key DESC LIMIT :most"""
_PLACES = "SELECT work_key FROM own.place ORDER BY updated_at DESC LIMIT :most"


@dataclass(frozen=True, slots=True)
class Novel:
    """A novel in the list. `begins` is the first line of its text, `read_at` when its place was kept (ms UTC)."""

    work: Tile
    characters: int | None
    begins: str
    series: str
    series_url: str
    read_at: int | None


@dataclass(frozen=True, slots=True)
class Novels:
    """A page of novels; the next one begins below the work `after`. `going_on`: what was begun, of all kinds."""

    novels: tuple[Novel, ...]
    going_on: tuple[Tile, ...]
    after: int | None
    usual: Defaults


def novels(conn: Connection, below: int | None = None) -> Novels:
    """Return the novels below a work; on the first page also what was begun."""
    usual = defaults(conn)
    bound = allowed(usual) | {"below": 2**62 if below is None else below, "most": SHOWN + 1}
    found = rows(conn, _PAGE, **bound)
    shown = {r.work_key: r for r in found[:SHOWN]}
    begun = [r.work_key for r in rows(conn, _PLACES, most=GOING_ON)] if below is None else []
    return Novels(
        tuple(_novel(tile, shown[tile.work_key]) for tile in tiles(conn, shown)),
        visible(conn, begun, usual),
        _last(found),
        usual,
    )


def _last(found: Sequence[Any]) -> int | None:
    return found[SHOWN - 1].work_key if len(found) > SHOWN else None


def _novel(tile: Tile, r: Any) -> Novel:
    has_series = r.series_key is not None
    return Novel(
        tile,
        r.text_length,
        first_line(r.body) if r.body else "",
        (r.series or "its series") if has_series else "",
        series_url(r.series_key) if has_series else "",
        r.read_at,
    )


def first_line(body: bytes) -> str:
    """Return the first line of prose of a stored text, of which only the beginning is read."""
    try:
        begin = zlib.decompressobj().decompress(body, _READ).decode("utf-8", "ignore")
    except zlib.error:
        return ""  # its own page says that it is damaged
    lines = (block.plain.strip() for block in parse(begin) if isinstance(block, Paragraph))
    first = next((line for line in lines if line), "")
    return first if len(first) <= _LINE else f"{first[:_LINE]}…"
