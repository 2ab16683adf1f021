"""Works as the gallery shows them in lists: one small picture, its title, what is other than usual about it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.search.grid import NARROWEST, OF_NOVEL, UNKNOWN, WIDEST
from pixmirror.catalogue.sql import listed, rows
from pixmirror.models import Medium, State

_KINDS = {"illust": "picture", "manga": "manga", "ugoira": "ugoira", "novel": "novel"}

# The first picture of a work: page 0, the cover of a novel, the frames of a ugoira.
_TILES = """
SELECT w.work_key, w.medium, w.type, w.title, w.user_id, u.name AS artist, w.create_date, w.state, w.x_restrict,
  w.ai_type, w.page_count, w.width, w.height, m.sha256, m.state AS file_state,
  t.colour, t.width AS drawn_width, t.height AS drawn_height,
  EXISTS (SELECT 1 FROM media o WHERE o.owner_kind = 'work' AND o.owner_id = w.work_key AND o.is_current = 0) AS edited,
  EXISTS (SELECT 1 FROM media o WHERE o.owner_kind = 'work' AND o.owner_id = w.work_key AND o.state = 'stored') AS kept,
  EXISTS (SELECT 1 FROM media o WHERE o.owner_kind = 'work' AND o.owner_id = w.work_key AND o.state = 'damaged') AS damaged,
  EXISTS (SELECT 1 FROM text_version v WHERE v.work_key = w.work_key) AS has_text
FROM work w LEFT JOIN user u ON u.id = w.user_id
LEFT JOIN media m ON m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.idx = 0 AND m.is_current = 1
  AND m.role = CASE w.type WHEN 'ugoira' THEN 'ugoira' WHEN 'novel' THEN 'cover' ELSE 'page' END
LEFT JOIN thumbs.thumb t ON t.sha256 = m.sha256
WHERE w.work_key IN (SELECT value FROM json_each(:keys))"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Tile:
    """A work in a list. `sha256` names its first picture, None where none is here; `ratio` is width by height.

    `colour` is the picture's average, as rrggbb; None until its thumbnail was made. `mark` is what is other than
    usual: kept (gone at Pixiv, here), lost (gone, never saved), damaged, edited, hidden, or "".
    """

    work_key: int
    ref: Ref
    medium: Medium
    type: str
    title: str
    artist: str
    user_id: int | None
    posted: int | None
    pages: int
    sha256: str | None
    colour: str | None
    width: int
    height: int
    mark: str
    is_r18: bool
    is_ai: bool

    @property
    def url(self) -> str:
        return self.ref.page

    @property
    def picture(self) -> str | None:
        """Return what names its first picture below /thumb/ and /file/; None where none is here."""
        return f"{self.work_key}-{self.sha256}" if self.sha256 else None

    @property
    def is_stub(self) -> bool:
        """Return whether only its id is known, so that there is nothing to show."""
        return self.user_id is None and not self.title

    @property
    def has_picture(self) -> bool:
        """Return whether it is shown as a picture, there or not yet; a novel without a cover is shown as paper."""
        return self.medium != "novel" or self.sha256 is not None

    @property
    def ratio(self) -> float:
        """Return width by height, as the grid counts it."""
        return shape(self.width, self.height, OF_NOVEL if self.medium == "novel" else UNKNOWN)

    @property
    def ratio_class(self) -> int:
        """Return the number of the class that gives an element this ratio without a style of its own."""
        return round(self.ratio * 20)


def shape(width: int, height: int, unknown: int) -> float:
    """Return width by height, as far as a tile may be narrow and wide; `unknown`, in hundredths, stands in."""
    return min(WIDEST, max(NARROWEST, width * 100 / height)) / 100 if width and height else unknown / 100


def tiles(conn: Connection, keys: Collection[int]) -> list[Tile]:
    """Return these works in this order; those that were forgotten, or never were here, are left out."""
    found = {r.work_key: _tile(r) for r in rows(conn, _TILES, keys=listed(keys))}
    hidden = tombstones.works(conn, found)
    return [found[key] for key in keys if key in found and key not in hidden]


def _tile(found: Any) -> Tile:
    novel = found.medium == "novel"
    width, height = found.drawn_width or found.width or 0, found.drawn_height or found.height or 0
    return Tile(
        work_key=found.work_key,
        ref=Ref.of_work(found.work_key),
        medium=found.medium,
        type=_KINDS.get(found.type, "novel" if novel else "picture"),
        title=found.title,
        artist=found.artist or "",
        user_id=found.user_id,
        posted=found.create_date,
        pages=found.page_count,
        sha256=found.sha256 if found.file_state == "stored" else None,
        colour=None if found.colour is None else f"{found.colour:06x}",
        width=0 if novel else width,
        height=0 if novel else height,
        mark=_mark(found.state, bool(found.kept or found.has_text), bool(found.damaged), bool(found.edited)),
        is_r18=found.x_restrict > 0,
        is_ai=found.ai_type == 2,
    )


def _mark(state: str, kept: bool, damaged: bool, edited: bool) -> str:
    if state in State.OVER:
        return "kept" if kept else "lost"
    if damaged:
        return "damaged"
    if state in State.HIDDEN:
        return "hidden"
    return "edited" if edited else ""
