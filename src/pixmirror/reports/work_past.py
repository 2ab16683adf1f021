"""One work as it was: its page with the words and the pictures of an earlier version."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from pixmirror.catalogue.sql import listed, rows
from pixmirror.reports import history
from pixmirror.reports.history import Kept
from pixmirror.reports.moments import day
from pixmirror.reports.tags import Tag
from pixmirror.reports.work_banner import Banner
from pixmirror.reports.work_page import Forgotten, WorkPage, opening, work_page
from pixmirror.reports.work_pictures import Picture

_NAMED = "SELECT name, id FROM tag WHERE name IN (SELECT value FROM json_each(:names))"


def work_as_of(conn: Connection, key: int, number: int, now: int, has_web: bool) -> WorkPage | Forgotten | None:
    """Return what is known of a work, as its version `number` was; from 1, and 0 for as it is now.

    None where nothing is known of it, or there is no such version.
    """
    page = work_page(conn, key, now, has_web)
    return as_it_was(conn, page, number, now) if number and isinstance(page, WorkPage) else page


def as_it_was(conn: Connection, page: WorkPage, number: int, now: int) -> WorkPage | None:
    """Return the page with its version `number`, from 1; None where there is no such version."""
    found = history.history(conn, page.ref)
    if found is None or not 0 < number <= len(found.versions):
        return None
    begun = found.versions[number - 1].at
    past = history.at(conn, page.ref, begun)
    if past is None:
        return None
    fields = past.fields
    here = {(p.role, p.index, p.version): p for one in page.pictures for p in (one, *one.earlier) if p.name}
    return replace(
        page,
        title=fields.get("title", page.title),
        caption=fields.get("caption", page.caption),
        opening=opening(past.text) if past.text else page.opening,
        tags=_tags(conn, fields.get("tags", ()), page.tags),
        pictures=tuple(_pictures(past.files, here)) or page.pictures,
        banners=(_banner(found, number, now), *(one for one in page.banners if one.icon != "edit")),
    )


def _banner(found: history.History, number: int, now: int) -> Banner:
    begun = day(found.versions[number - 1].at, now)
    ended = f" to {day(found.versions[number].at, now)}" if number < len(found.versions) else ""
    heading = f"As it was on {begun}" if ended == f" to {begun}" else f"As it was from {begun}{ended}"
    told = f"Version {number} of {len(found.versions)}, as Pixiv showed it."
    return Banner("plain", "clock", heading, told, ("", "As it is now"))


def _pictures(files: Iterable[Kept], here: Mapping[tuple[str, int, str], Picture]) -> Iterable[Picture]:
    for file in files:
        if file.role in ("page", "ugoira", "cover", "embed"):
            known = here.get((file.role, file.page, file.version))
            yield known or Picture(
                file.role, file.page, file.version, lack="Replaced at Pixiv before it was saved"
            )


def _tags(conn: Connection, names: Iterable[str], known: Iterable[Tag]) -> tuple[Tag, ...]:
    """Return the tags of these names, those that the work has now with their translations."""
    wanted = list(names)
    ids = {r.name: r.id for r in rows(conn, _NAMED, names=listed(wanted))}
    now = {tag.name: tag for tag in known}
    return tuple(now.get(name) or Tag(ids[name], name) for name in wanted if name in ids)
