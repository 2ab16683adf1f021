"""What `status` looks like."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pixmirror.cli import formats
from pixmirror.cli.common import Session, say
from pixmirror.reports import states
from pixmirror.reports.headline import Kind
from pixmirror.reports.moments import ahead, as_of, clock
from pixmirror.reports.reasons import FILES
from pixmirror.terminal import one_line

EXAMPLES = 3
MOST_REASONS = 8
NOT_STORED = {state: FILES[state].says for state in ("wanted", "failed", "gone", "damaged", "refused")}


def ms_of(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp() * 1000)


# --- status


def show_status(s: Session, found: Mapping[str, Any]) -> None:
    for problem in found["problems"]:
        say(f"  ! {one_line(problem)}")
    for note in found["notes"]:
        say(f"  {one_line(note)}")
    say()
    _holdings(s, found)
    say()
    _jobs(found)
    _reasons("Stuck", found["stuck"], ms_of(found["now"]) or 0)
    _reasons("Not to be had", found["explained"], ms_of(found["now"]) or 0)


def _holdings(s: Session, found: Mapping[str, Any]) -> None:
    files, asked, new = found["files"], found["requests"], found["came_in"]
    say(
        f"Mirror    {s.root}: {found['works']:,} works, {found['novels']:,} novels, {found['users']:,} users, "
        f"{found['tags']:,} tags, {found['comments']:,} comments, {found['bookmarks']:,} bookmarks"
    )
    parts = [f"{files['stored']:,} stored, {formats.size(found['bytes'])}"]
    parts += formats.amounts(files, NOT_STORED)
    say(f"Files     {'; '.join(parts)}")
    if found["states"]:
        told = "; ".join(f"{n:,} {states.of_work(state, kept=True)}" for state, n in found["states"].items())
        told = told.replace(", kept here", "").replace(states.UNKNOWN, "shown as empty entries only")
        say(f"At Pixiv  {told}. What is here stays.")
    if not found["estimate"]["done"]:
        say(f"Left      {found['estimate']['how_far']}; {found['estimate']['how_long']}")
    say(f"24 hours  {new['works']:,} works, {new['files']:,} files, {formats.size(new['bytes'])} came in")
    say(f"Today     {_budget(s, asked)}")


def _budget(s: Session, asked: Mapping[str, int]) -> str:
    p = s.config.pixiv
    requests = f" of {p.requests_per_day:,}" if p.requests_per_day else ""
    size = f" of {formats.size(p.image_bytes_per_day)}" if p.image_bytes_per_day else ""
    return (
        f"{asked['api']:,}{requests} requests to the API; {asked['image']:,} for files, "
        f"{formats.size(asked['image_bytes'])}{size}"
    )


def _jobs(found: Mapping[str, Any]) -> None:
    now = ms_of(found["now"]) or 0
    rows = []
    for job in found["jobs"]:
        last = "never" if job["last_run"] is None else as_of(ms_of(job["last_run"]) or 0, now)
        rows.append((job["name"], job["kind"], last, _result(job), _next(job, found, now)))
    if rows:
        formats.table(("job", "kind", "last run", "result", "next run"), rows)


def _result(job: Mapping[str, Any]) -> str:
    if job["outcome"] is None:
        return "-"
    if job["error"]:
        return f"{job['outcome']}: {job['error']}"
    return f"{job['outcome']}, {job['new']:,} new"


def _next(job: Mapping[str, Any], found: Mapping[str, Any], now: int) -> str:
    if not job["enabled"]:
        return "disabled"
    pause = next((one for one in found["situations"] if one["kind"] == Kind.PAUSED), None)
    if pause is not None and not job["paused"]:
        return f"all paused until {clock(ms_of(pause['until']) or 0, now)}" if pause["until"] else "all paused"
    if job["suspended"]:
        return f"waits for a {job['suspended']}" if job["suspended"] == "login" else f"waits: {job['suspended']}"
    if job["paused"]:
        until = job["paused_until"]
        return f"paused until {clock(ms_of(until) or 0, now)}" if until else "paused"
    if job["name"] in found["running_jobs"]:
        return "runs now"
    return ahead(ms_of(job["next_run"]) or 0, now) if job["next_run"] else ""


def _reasons(title: str, reasons: Sequence[Mapping[str, Any]], now: int) -> None:
    if not reasons:
        return
    say(f"\n{title}:")
    for r in reasons[:MOST_REASONS]:
        about = "at least " if r["sampled"] else ""
        examples = f" (e.g. {', '.join(r['examples'])})" if r["examples"] else ""
        after = f"; next try {ahead(ms_of(r['next_at']) or 0, now)}" if r["next_at"] else ""
        say(f"  {about}{r['count']:,} × {r['what']}: {one_line(r['reason'])}{examples}{after}")
    if len(reasons) > MOST_REASONS:
        say(f"  and {len(reasons) - MOST_REASONS} more kinds: `pixmirror status --json`")
