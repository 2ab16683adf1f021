"""How one work changed: for each version what was replaced, and both sides of it, to be laid beside each other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import value
from pixmirror.clock import HOUR_MS
from pixmirror.ingest.files import text_of
from pixmirror.models import split_key
from pixmirror.reports import history
from pixmirror.reports.history import Kept, Text
from pixmirror.reports.moments import day
from pixmirror.reports.texts import plain_caption, plain_novel
from pixmirror.reports.why_story import joined, numbered
from pixmirror.reports.work_banner import Banner
from pixmirror.reports.work_pictures import Picture

# With one answer of each class, all of one hour, one text and no replaced file there is one version, and no answer
# need be read.
_MAY_HAVE_CHANGED = f"""
SELECT EXISTS (SELECT 1 FROM payload WHERE owner_kind = 'work' AND owner_id = :key
    AND endpoint NOT IN ('stub', 'ugoira', 'webview') GROUP BY owner_id
    HAVING max(seen_at) - min(seen_at) >= {HOUR_MS})
  OR EXISTS (SELECT 1 FROM payload WHERE owner_kind = 'work' AND owner_id = :key
    GROUP BY endpoint HAVING count(*) > 1)
  OR EXISTS (SELECT 1 FROM text_version WHERE work_key = :key GROUP BY work_key HAVING count(*) > 1)
  OR EXISTS (SELECT 1 FROM media WHERE owner_kind = 'work' AND owner_id = :key AND is_current = 0)"""
_BODY = "SELECT body FROM text_version WHERE id = :id"
_NAMES = {"title": "Title", "caption": "Caption", "text": "Text"}
_RATINGS = {0: "all ages", 1: "R-18", 2: "R-18G"}
_AI = {0: "not asked", 1: "not made by AI", 2: "made by AI"}
_OTHERS: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "type": ("Type", {}),
    "page_count": ("Pages", {}),
    "x_restrict": ("Rating", _RATINGS),
    "illust_ai_type": ("AI", _AI),
    "series_title": ("Series", {None: "none"}),
    "create_date": ("Posted", {}),
    "width": ("Width", {}),
    "height": ("Height", {}),
    "language": ("Language", {}),
}


@dataclass(frozen=True, slots=True)
class Prose:
    """A text before and after, plain."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture before and after it was replaced; both are here."""

    number: int  # of the page, from 1
    before: Picture
    after: Picture


@dataclass(frozen=True, slots=True)
class Version:
    """What was first seen at `at`. `replaced`, `added`, `removed` are numbers of pages, from 1."""

    number: int
    at: int
    prose: tuple[Prose, ...] = ()
    others: tuple[Prose, ...] = ()
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    replaced: tuple[int, ...] = ()
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def pair(self, page: int) -> Pair | None:
        """Return the pair of this page, else the first; None where no replaced picture is here twice."""
        return next((p for p in self.pairs if p.number == page), self.pairs[0] if self.pairs else None)


def versions_of(conn: Connection, key: int, pictures: Sequence[Picture]) -> tuple[Version, ...]:
    """Return every change after the first version, newest first."""
    if not value(conn, _MAY_HAVE_CHANGED, key=key):
        return ()
    found = history.history(conn, Ref(*split_key(key)))
    if found is None:
        return ()
    here = {(p.role, p.index, p.version): p for one in pictures for p in (one, *one.earlier) if p.name}
    told = [_version(conn, version, here) for version in _together(found.versions[1:])]
    return tuple(version for version in reversed(told) if _says_anything(version))


def _together(versions: Iterable[history.Version]) -> Iterator[history.Version]:
    """Make one of what was seen within an hour: list, detail and text tell of one change one after another."""
    kept: list[history.Version] = []
    for version in versions:
        if kept and version.at - kept[-1].at < HOUR_MS:
            kept[-1] = _joined(kept[-1], version)
        else:
            kept.append(version)
    return iter(kept)


def _joined(first: history.Version, then: history.Version) -> history.Version:
    changes = {change.field: change for change in first.changes}
    for change in then.changes:
        before = changes[change.field].before if change.field in changes else change.before
        changes[change.field] = replace(change, before=before)
    return replace(first, changes=tuple(change for change in changes.values() if change.before != change.after))


def changed(versions: Sequence[Version], now: int) -> Banner | None:
    """Return the banner that tells of the last change; None where there was none."""
    if not versions:
        return None
    last = versions[0]
    parts = [
        f"{numbered(pages, 'page')} {'was' if len(pages) == 1 else 'were'} {verb}"
        for pages, verb in ((last.replaced, "replaced"), (last.added, "added"), (last.removed, "removed"))
        if pages
    ]
    names = [f"the {prose.name.lower()}" for prose in (*last.prose, *last.others)]
    names += ["the tags"] if last.tags_added or last.tags_removed else []
    parts += [f"{joined(names)} changed"] if names else []
    told = joined(parts)
    return Banner(
        "plain", "edit", f"Changed {day(last.at, now)}", f"{told[:1].upper()}{told[1:]}.", ("versions", "Compare")
    )


def _says_anything(version: Version) -> bool:
    return any((
        version.prose, version.others, version.tags_added, version.tags_removed, version.replaced, version.added,
        version.removed,
    ))  # fmt: skip


def _version(conn: Connection, version: history.Version, here: Mapping[tuple[str, int, str], Picture]) -> Version:
    changes = {change.field: change for change in version.changes}
    tags = changes.get("tags")
    before, after = (tuple(tags.before or ()), tuple(tags.after or ())) if tags else ((), ())
    files = [(c.before, c.after) for c in version.changes if isinstance(c.before or c.after, Kept)]
    return Version(
        number=version.number,
        at=version.at,
        prose=tuple(_prose(conn, changes)),
        others=tuple(_others(changes)),
        tags_added=tuple(name for name in after if name not in before),
        tags_removed=tuple(name for name in before if name not in after),
        replaced=_pages((old, new) for old, new in files if old and new),
        added=_pages((old, new) for old, new in files if old is None),
        removed=_pages((old, new) for old, new in files if new is None),
        pairs=tuple(_pairs(files, here)),
    )


def _pages(files: Iterable[tuple[Kept | None, Kept | None]]) -> tuple[int, ...]:
    return tuple((new or old).page + 1 for old, new in files if (new or old).role == "page")  # type: ignore[union-attr]


def _pairs(
    files: Iterable[tuple[Kept | None, Kept | None]], here: Mapping[tuple[str, int, str], Picture]
) -> Iterator[Pair]:
    for old, new in files:
        if old is None or new is None or old.role == "ugoira":
            continue
        before = here.get((old.role, old.page, old.version))
        after = here.get((new.role, new.page, new.version))
        if before is not None and after is not None:
            yield Pair(new.page + 1, before, after)


def _prose(conn: Connection, changes: Mapping[str, history.Change]) -> Iterator[Prose]:
    for name, shown in _NAMES.items():
        change = changes.get(name)
        if change is not None and change.before:  # what was empty was not read before, as captions in lists are
            yield Prose(shown, _plain(conn, name, change.before), _plain(conn, name, change.after))


def _plain(conn: Connection, name: str, side: Any) -> str:
    if isinstance(side, Text):
        body = value(conn, _BODY, id=side.id)
        return "" if body is None else plain_novel(text_of(body))
    return plain_caption(side or "") if name == "caption" else side or ""


def _others(changes: Mapping[str, history.Change]) -> Iterator[Prose]:
    for name, (shown, words) in _OTHERS.items():
        change = changes.get(name)
        if change is not None and (change.before is not None or None in words):
            before, after = (words.get(side, str(side)) for side in (change.before, change.after))
            yield Prose(shown, before, after)
