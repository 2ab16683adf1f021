"""The pictures of one work, each in its place: where its file is, or in words why it is not here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.search.grid import OF_NOVEL
from pixmirror.catalogue.sql import rows
from pixmirror.catalogue.words import iso
from pixmirror.reports import states
from pixmirror.reports.tiles import shape

_FILES = """
SELECT m.role, m.idx, m.version, m.is_current, m.path, m.state, m.sha256, m.size, m.error, m.attempts, m.due_at,
  m.first_seen, t.colour, t.width, t.height
FROM media m LEFT JOIN thumbs.thumb t ON t.sha256 = m.sha256
WHERE m.owner_kind = 'work' AND m.owner_id = :key AND m.role IN ('page', 'ugoira', 'cover', 'embed')
ORDER BY m.role = 'embed', m.idx, m.is_current DESC, m.version DESC"""
_REFUSALS = """
SELECT job, refused_reason FROM work_job WHERE work_key = :key AND refused_reason IS NOT NULL ORDER BY job"""
_ASKED_AGAIN = ("waiting", "failed", "gone", "damaged")  # states that `retry` moves
_RATED = {"x_restrict is all-ages": "for all ages", "x_restrict is r18": "R-18", "x_restrict is r18g": "R-18G"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in its place. `name` and `extension` are its address below /file/ and /thumb/, "" without a file.

    `lack` says why there is no file; `width` and `height` are 0 where nobody has looked yet.
    """

    role: str
    index: int
    version: str
    name: str = ""
    extension: str = ""
    path: str = ""  # below the media folder
    size: int = 0
    width: int = 0
    height: int = 0
    colour: str | None = None
    lack: str = ""
    is_retried: bool = False  # a retry has Pixiv asked for it again
    since: int = 0
    earlier: tuple["Picture", ...] = field(default=(), repr=False)  # stored versions, newest first

    @property
    def thumb(self) -> str:
        return f"/thumb/{self.name}.webp"

    @property
    def original(self) -> str:
        return f"/file/{self.name}.{self.extension}"

    @property
    def ratio_class(self) -> int:
        """Return the number of the class that gives an element this ratio."""
        return round(shape(self.width, self.height, OF_NOVEL) * 20)


def pictures_of(conn: Connection, work: Any, now: int) -> tuple[Picture, ...]:
    """Return the current pictures of a row of `work`: pages, the frames of a ugoira, a cover, those in a text."""
    places: dict[tuple[str, int], list[Any]] = {}
    for file in rows(conn, _FILES, key=work.work_key):
        places.setdefault((file.role, file.idx), []).append(file)
    refusals = {job: _RATED.get(why, why) for job, why in rows(conn, _REFUSALS, key=work.work_key)}
    return tuple(_picture(work, files, refusals, now) for files in places.values() if files[0].is_current)


def _picture(work: Any, files: Sequence[Any], refusals: Mapping[str, str], now: int) -> Picture:
    current, *others = files
    earlier = tuple(_stored(work, file) for file in others if file.state == "stored")
    if current.state == "stored":
        return _stored(work, current, earlier)
    return Picture(
        role=current.role,
        index=current.idx,
        version=current.version,
        lack=lack(current, refusals, now),
        is_retried=current.state in _ASKED_AGAIN,
        since=current.first_seen,
        earlier=earlier,
    )


def _stored(work: Any, file: Any, earlier: tuple[Picture, ...] = ()) -> Picture:
    width, height = file.width, file.height
    if not width and file.is_current and file.role in ("page", "ugoira") and file.idx == 0:
        width, height = work.width, work.height
    return Picture(
        role=file.role,
        index=file.idx,
        version=file.version,
        name=f"{work.work_key}-{file.sha256}",
        extension=file.path.rpartition(".")[2],
        path=file.path,
        size=file.size or 0,
        width=width or 0,
        height=height or 0,
        colour=None if file.colour is None else f"{file.colour:06x}",
        since=file.first_seen,
        earlier=earlier,
    )


def lack(file: Any, refusals: Mapping[str, str], now: int) -> str:
    """Say why a file is not here, as a row of `media` tells it; `refusals`: why each job left the work out."""
    if file.state == "refused" and refusals:
        return f"Left out by {'; by '.join(f'job {job}: {why}' for job, why in refusals.items())}"
    said = states.of_file(file._asdict() | {"due_at": iso(file.due_at or None)}, now)
    return said[:1].upper() + said[1:]
