"""`plan`: what a job will take, before it does."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated

import typer

from pixmirror.cli import formats
from pixmirror.cli.common import Json, Session, now_ms, print_json, say, session
from pixmirror.errors import ConfigError
from pixmirror.models.jobs import JobConfig
from pixmirror.reports import plan as reports
from pixmirror.reports.plan import Plan, Planned, Rates
from pixmirror.sync.context import Job
from pixmirror.sync.kinds import KINDS

DAY_S = 86400.0
_PLURAL = re.compile(r"\b(head|list|ranking|profile|text|detail|comment|tag)s\b")


def plan(
    ctx: typer.Context,
    job: Annotated[str | None, typer.Argument(help="A job of the config; all enabled ones without it.")] = None,
    as_json: Json = False,
) -> None:
    """How many requests, bytes and hours your jobs will take, from what is known so far. It asks Pixiv nothing.

    Before the first sync little is known: it says so, and knows more once the first lists and profiles are read.

    \b
    Examples:
      pixmirror plan
      pixmirror plan following --json
    """
    s = session(ctx)
    found = read_plan(s, job)
    if as_json:
        print_json(found.as_dict())
    else:
        _show(s, found)


def read_plan(s: Session, job: str | None) -> Plan:
    jobs = [c for c in s.config.jobs if (c.enabled if job is None else c.name == job)]
    if job is not None and not jobs:
        names = ", ".join(c.name for c in s.config.jobs) or "none"
        raise ConfigError(f"No job is called {job}; jobs: {names}.")
    p = s.config.pixiv
    per_hour = p.requests_per_minute * 60 or None
    asked, now = [planned(c) for c in jobs], now_ms()
    rates = Rates(per_hour, requests_per_day=p.requests_per_day, bytes_per_day=p.image_bytes_per_day)
    if not s.catalogue.exists():
        with reports.nothing_yet() as conn:
            return reports.plan(conn, now, asked, rates, job)
    with s.reading() as db:
        return db.read_sync(reports.plan, now, asked, rates, job)


def planned(config: JobConfig) -> Planned:
    """Return a job of the configuration, as `reports.plan` counts it."""
    runs = DAY_S / config.every if config.every else 1.0
    return Planned(config.name, runs, config.comments, partial(KINDS[config.kind].actions.asks, Job.of(config)))


def _show(s: Session, found: Plan) -> None:
    p = s.config.pixiv
    say(f"Jobs      {', '.join(found.jobs) or 'none is enabled'}")
    say(f"Now       {_many(found.requests, found.requests_total)}")
    say(f"Files     {formats.count(found.files, 'file')}, about {formats.size(found.bytes)}")
    if found.works:
        say(f"Works     about {found.works:,} more in lists that are not read to their end")
    cap = f", at most {p.requests_per_day:,} a day" if p.requests_per_day else ""
    pace = f"{p.requests_per_minute} requests a minute" if p.requests_per_minute else "no pace"
    if found.hours is None:
        say(f"Time      not known with {pace}{cap}")
    else:
        longest = "requests" if (found.hours_requests or 0) >= (found.hours_files or 0) else "files"
        say(f"Time      about {formats.span(found.hours * 3600)} ({pace}{cap}); the {longest} take longest")
    if found.next_30_days:
        say(f"30 days   {_many(found.next_30_days, sum(found.next_30_days.values()))} more fall due by then")
    if found.per_day:
        say(f"Each day  {_many(found.per_day, found.per_day_total)}, when all is read")
    for text in found.unknown:
        say(f"Unknown   {text}")


def _many(requests: Mapping[str, float], total: float) -> str:
    parts = ", ".join(_what(n, what) for what, n in requests.items() if n)
    return f"about {formats.count(round(total), 'request')}" + (f": {parts}" if parts else "")


def _what(n: float, what: str) -> str:
    """Count things in words: 1 profile, 2 profiles, 0.3 profiles."""
    shown = f"{n:,.0f}" if n >= 1 else f"{n:.1f}"
    one = _PLURAL.sub(r"\1", what, count=1)
    return f"{shown} {one if shown == '1' else what}"
