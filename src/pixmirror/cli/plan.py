"""`plan`: what a job will take, before it does."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer

from pixmirror.cli import formats
from pixmirror.cli.common import Json, Session, importing, job_names, note, now_ms, print_json, say, session, tell
from pixmirror.daemon import estimates
from pixmirror.errors import ConfigError
from pixmirror.reports import plan as reports
from pixmirror.reports.estimate import RESTS, rounded
from pixmirror.reports.left import Planned
from pixmirror.reports.moments import clock
from pixmirror.reports.plan import Plan
from pixmirror.terminal import one_line

T = TypeVar("T")

# What the requests of `--json` are for, in words.
_FOR = {
    "lists": "to read lists", "profiles": "for profiles", "details": "for single works",
    "comments": "for comments", "replies": "for replies", "texts": "for novels", "ugoira": "for animations",
    "website": "to the website",
    "rankings": "for rankings", "own bookmark tags": "for your bookmark tags",
    "list heads": "to look for new works", "whole lists of follows": "to read your follows whole",
    "whole lists of bookmarks": "to read your bookmarks whole", "re-reading lists": "to read lists again",
    "re-reading works": "to read works again", "ugoira and texts of new works": "for new animations and novels",
}  # fmt: skip


def plan(
    ctx: typer.Context,
    job: Annotated[
        str | None, typer.Argument(help="A job of the config; all enabled ones without it.", callback=job_names)
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also what the requests are for, and what is guessed.")
    ] = False,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask Pixiv first how much there is: it says how many requests.")
    ] = False,
    as_json: Json = False,
) -> None:
    """How long your jobs will take, with how many requests and bytes, from what is known so far.

    It asks Pixiv nothing. Before the first sync little is known: --ask reads first pages and totals of profiles.

    \b
    Examples:
      pixmirror plan
      pixmirror plan --ask
      pixmirror plan following --json
    """
    s = session(ctx)
    if ask:
        _ask(s, job)
    found = read_plan(s, job)
    if as_json:
        print_json(found.as_dict())
    else:
        _show(s, found, full)


def read_plan(s: Session, job: str | None) -> Plan:
    return _read(s, reports.plan, now_ms(), _jobs(s, job), estimates.limits(s.config), job)


def _jobs(s: Session, job: str | None) -> list[Planned]:
    asked = estimates.jobs(s.config, () if job is None else (job,))
    if job is not None and not asked:
        known = ", ".join(c.name for c in s.config.jobs) or "none"
        raise ConfigError(f"No job is called {job}; jobs: {known}.")
    return asked


def _read(s: Session, question: Callable[..., T], *given: Any) -> T:
    """Ask the catalogue, or before there is one, an empty one."""
    if not s.catalogue.exists():
        s.refuse_lost()
        with reports.nothing_yet() as conn:
            return question(conn, *given)
    with s.reading() as db:
        return db.read_sync(question, *given)


def _ask(s: Session, job: str | None) -> None:
    """Ask Pixiv how much there is, and say before how many requests that takes."""
    with importing():
        from pixmirror.daemon import look

    most = _read(s, look.requests, _jobs(s, job), now_ms())
    if not most:
        note("Nothing to ask: all lists of these jobs were begun, so that it is known from them.")
        return
    note(f"Asking Pixiv how much there is: at most {formats.count(most, 'request')}.")
    took = s.do("look", timeout=None, jobs=[job] if job else [])["requests"]
    note(f"It took {formats.count(took, 'request')}.")


def _show(s: Session, found: Plan, full: bool) -> None:
    e = found.estimate
    if not found.jobs:
        tell("Nothing is asked for: no job is enabled. Add one to [[jobs]] in the config file.")
        return
    if e.seconds is None:
        _unknown(s, found)
    elif e.is_done:
        tell("Nothing is left: all that is asked for is here, as far as its lists were read.")
    else:
        _known(s, found)
    _after(s, found)
    if e.because:
        tell(e.because)
    if full:
        _full(found)
    elif e.guessed and not e.is_done and e.seconds is not None:
        tell(f"Guessed: {e.guessed[0]}." + (" More: pixmirror plan --full" if len(e.guessed) > 1 else ""))


def _unknown(s: Session, found: Plan) -> None:
    """Say what cannot be known yet, and what tells."""
    with importing():
        from pixmirror.daemon import look

    e = found.estimate
    lists = formats.count(e.unread, "list")
    was = "nothing was read" if not e.here else f"{lists} {'was' if e.unread == 1 else 'were'} never read"
    most = _read(s, look.requests, _jobs(s, None if len(found.jobs) > 1 else found.jobs[0]), now_ms())
    asking = f"Asking {lists} tells: pixmirror plan --ask (about {formats.count(most, 'request')})."
    tell(f"Not known yet: {was}. {asking if most else ''}".strip())
    tell(f"A sync knows it after {e.how_long().removesuffix(' first')}.")


def _known(s: Session, found: Plan) -> None:
    e, p = found.estimate, s.config.pixiv
    if e.resting_until is not None:
        tell(f"Resting until {clock(e.resting_until, now_ms())}: {RESTS[e.resting]}.")
        text = f"After that {e.after_the_rest(now_ms())}"
    else:
        text = e.how_long()
    tell(f"{text[:1].upper()}{text[1:]} for all that is asked for:")
    requests, files = round(e.requests.likely), round(e.files.likely)
    parts = [formats.count(rounded(requests) if e.guessed else requests, "request")]
    if files:
        of_day = f" of the day's {formats.size(p.image_bytes_per_day)}" if p.image_bytes_per_day else ""
        size = f" ({formats.size(e.bytes.likely)}{of_day})"
        parts.append(formats.count(rounded(files) if e.guessed else files, "file") + size)
    tell(f"{'About ' if e.guessed else ''}{', '.join(parts)}.")
    if not e.here:
        tell("First pictures at once, newest first.")


def _after(s: Session, found: Plan) -> None:
    p = s.config.pixiv
    at_most = f"; at most {p.requests_per_day:,} are allowed" if p.requests_per_day else ""
    if found.per_day_total:
        tell(f"After that about {formats.count(rounded(found.per_day_total), 'request')} a day{at_most}.")
    disk = found.estimate.disk
    if disk is not None and found.estimate.seconds is not None:
        tell(f"Disk: {formats.size(max(disk.room, 0))} above the reserve, {disk.text()}.")


def _full(found: Plan) -> None:
    say(f"Jobs      {one_line(', '.join(found.jobs))}")
    say(f"Now       {_many(found.requests, found.requests_total)}")
    if found.works:
        say(f"Works     about {found.works:,} more in lists that are not read to their end")
    if found.next_30_days:
        say(f"30 days   {_many(found.next_30_days, sum(found.next_30_days.values()))}, which fall due by then")
    if found.per_day:
        say(f"Each day  {_many(found.per_day, found.per_day_total)}, when all is read")
    for text in found.unknown:
        say(f"Guessed   {one_line(text)}")


def _many(requests: Mapping[str, float], total: float) -> str:
    if not round(total):
        return "no request"
    parts = ", ".join(_what(n, what) for what, n in requests.items() if n)
    return f"about {formats.count(round(total), 'request')}" + (f": {parts}" if parts else "")


def _what(n: float, what: str) -> str:
    """Say how many requests are for what: "12 for profiles", "0.3 to read lists again"."""
    shown = f"{n:,.0f}" if n >= 1 else f"{n:.1f}"
    return f"{shown} {_FOR.get(what, f'for {what}')}"
