"""What the short screen of `status` looks like."""

from collections.abc import Iterable, Iterator, Sequence

import typer

from pixmirror.catalogue.words import many
from pixmirror.cli import formats, layout
from pixmirror.cli.common import Session, name_the_zone, say
from pixmirror.reports.glance import Glance
from pixmirror.reports.headline import Headline, Kind
from pixmirror.reports.kept import Kept, parts_of
from pixmirror.reports.moments import ago, ahead, as_of
from pixmirror.terminal import one_line


def show(s: Session, found: Glance, clear: bool = False) -> None:
    """Print the short screen."""
    lines = list(_screen(s, found))
    if clear:
        typer.echo("\x1b[H\x1b[2J", nl=False)
    for line in lines:
        say(line)
    name_the_zone()  # now: the next screen has its own


def _screen(s: Session, found: Glance) -> Iterator[str]:
    yield from _headline_lines(found.headlines)
    yield from _last_and_next(found)
    yield ""
    yield from _figures(s, found)
    if found.asides:
        yield ""
        yield from map(one_line, found.asides)
    if found.jobs:
        yield ""
        yield from _columns([(job.name, job.last, job.result, job.next) for job in found.jobs])
    yield "More: status --full, coverage, gone, why ID"


def _headline_lines(found: Iterable[Headline]) -> Iterator[str]:
    for one in found:
        yield one_line(one.says)
        yield from (f"  {one_line(line)}" for line in one.do)


def _last_and_next(found: Glance) -> Iterator[str]:
    if found.headline.kind == Kind.WELL:
        parts = []
        if found.last is not None:
            parts.append(
                f"Last new work: {layout.cut(one_line(found.last.title), 24)} ({ago(found.last.at, found.now)})."
            )
        if found.next_at is not None:
            parts.append(f"Next look: {ahead(found.next_at, found.now)}.")
        yield f"  {' '.join(parts)}"


def show_headlines(found: Iterable[Headline]) -> None:
    """Say each situation with what to do."""
    for line in _headline_lines(found):
        say(line)


def _figures(s: Session, found: Glance) -> Iterator[str]:
    p, files, counts = s.config.pixiv, found.files, found.kept
    of_artists = f" of {many(counts.totals.artists, 'artist')}" if counts and counts.totals.artists else ""
    known = f"{many(found.works, 'work')}{of_artists} known"
    yield _labelled("Here", f"{many(files.stored, 'file')}, {formats.size(files.bytes_stored)}; {known}")
    if counts is not None:
        yield _labelled("Complete", _complete(counts, found))
        if counts.complete.kept:
            shows = "that Pixiv no longer shows"
            yield _labelled("Kept", f"{many(counts.complete.kept, 'work')} {shows}")
    asked = found.requests
    requests = (
        f"{asked.api:,} of {p.requests_per_day:,} requests" if p.requests_per_day else many(asked.api, "request")
    )
    size = (
        f"{formats.size(asked.image_bytes)} of files"
        if not p.image_bytes_per_day
        else formats.size(asked.image_bytes)
    )
    size += f" of {formats.size(p.image_bytes_per_day)}" if p.image_bytes_per_day else ""
    yield _labelled("Today", f"{many(found.came_in.works, 'new work')}; {requests}, {size}")
    yield _labelled("Files", found.sound)
    if found.backup:
        yield _labelled("Backup", found.backup)
    if found.free is not None:
        told = f"{formats.size(found.free)} free"
        yield _labelled("Disk", f"{told}: {found.lasts}" if found.lasts else told)


def _complete(counts: Kept, found: Glance) -> str:
    """Say how much of what is asked for is whole, and when the rest comes."""
    told = ", ".join(parts_of(counts.complete)) or "no list is read to its end yet"
    told = told if found.was_whole or counts.complete.is_complete else f"so far {told}"
    rest = f"; the rest in {found.how_long}" if found.how_long and not counts.complete.is_complete else ""
    age = max(found.now - counts.at, 0) // 1000
    when = f"as of {as_of(counts.at, found.now)}" if found.was_whole or age >= 90 else f"as of {age} s ago"
    return f"{told} ({when}{'' if found.was_whole else '; coverage counts anew'}){rest}"


def _labelled(label: str, text: str) -> str:
    return f"{label:<10} {one_line(text)}"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows whose cells stand below each other; the first are names, which are cut where it is narrow."""
    widths = [max(map(layout.cells, column)) for column in zip(*rows, strict=True)]
    if room := layout.width():
        widths[0] = min(widths[0], max(layout.LEAST_NAME, room - sum(widths[1:]) - 3 * len(widths[1:])))
    for row in rows:
        cells = [layout.cut(cell, width) for cell, width in zip(row, widths, strict=True)]
        yield "   ".join(c + " " * (w - layout.cells(c)) for c, w in zip(cells, widths, strict=True)).rstrip()
