"""What `status`, `why`, `show` and `search` look like."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pixmirror.cli import formats, versions
from pixmirror.cli.common import Session, say
from pixmirror.reports.search import Hit
from pixmirror.reports.why import Why
from pixmirror.reports.why_facts import is_forgotten
from pixmirror.terminal import one_line

EXAMPLES = 3
MOST_REASONS = 8
NOT_STORED = {
    "wanted": "wanted",
    "failed": "failed",
    "gone": "gone",
    "damaged": "damaged at the source",
    "refused": "refused by filters",
}


def ms_of(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp() * 1000)


# --- status


def show_status(s: Session, found: Mapping[str, Any]) -> None:
    say("Healthy." if found["healthy"] else "Not healthy:")
    for problem in found["problems"]:
        say(f"  ! {one_line(problem)}")
    for note in found["notes"]:
        say(f"  {one_line(note)}")
    if not found["running"]:
        say("  pixmirror does not run in the background; `pixmirror run` or the service keeps it going.")
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
        say(f"Upstream  {', '.join(f'{n:,} {state}' for state, n in found['states'].items())}; the stored stays")
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
        last = "never" if job["last_run"] is None else formats.from_now(ms_of(job["last_run"]), now)
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
    if job["suspended"]:
        return f"stands still: {job['suspended']}"
    if job["paused"]:
        until = job["paused_until"]
        return f"paused until {formats.moment(ms_of(until))}" if until else "paused"
    if job["name"] in found["running_jobs"]:
        return "runs now"
    return formats.from_now(ms_of(job["next_run"]), now)


def _reasons(title: str, reasons: Sequence[Mapping[str, Any]], now: int) -> None:
    if not reasons:
        return
    say(f"\n{title}:")
    for r in reasons[:MOST_REASONS]:
        about = "at least " if r["sampled"] else ""
        examples = f" (e.g. {', '.join(r['examples'])})" if r["examples"] else ""
        after = f"; next try {formats.from_now(ms_of(r['next_at']), now)}" if r["next_at"] else ""
        say(f"  {about}{r['count']:,} × {r['what']}: {one_line(r['reason'])}{examples}{after}")
    if len(reasons) > MOST_REASONS:
        say(f"  and {len(reasons) - MOST_REASONS} more kinds: `pixmirror status --json`")


# --- why, show, search


def show_why(found: Why) -> None:
    say(f"{found.ref}  {one_line(found.title)}".rstrip())
    for sentence in found.answer:
        say(f"  {one_line(sentence)}")
    for job in found.jobs:
        verdict = f": refused: {one_line(job.refused_reason)}" if job.refused_reason else ": wanted"
        verdict = "" if is_forgotten(found.facts) else verdict
        name = f"Job {job.job}" if job.job else "A look-up"
        say(f"  {name} saw it from {formats.moment(job.first_seen)} on{verdict}.")
    rows = [
        (f"{f.role} {f.page}", f.state, f.path, f.next or f.error or "")
        for f in found.files
        if f.state != "stored"
    ]
    if rows:
        formats.table(("file", "state", "path", "what happens"), rows)


def show_item(s: Session, found: Mapping[str, Any]) -> None:
    head = found.get("title") or found.get("name") or ""
    say(f"{found['ref']}  {one_line(head)}".rstrip())
    if found.get("link"):
        say(f"  {found['link']}")
    author = found.get("user")
    if author:
        say(f"  by {one_line(author['name'])} (user:{author['id']})")
    for key in ("type", "state", "create_date", "page_count", "total_bookmarks", "total_view", "account"):
        if found.get(key) not in (None, ""):
            say(f"  {key.replace('_', ' ')}: {one_line(found[key])}")
    if found.get("provenance") == "legacy":
        say("  provenance: legacy (only old dumps tell of it)")
    say(f"  {versions.summary(found)}")
    if found.get("tags"):
        say(f"  tags: {', '.join(_tag(t, found.get('tag_translations') or {}) for t in found['tags'])}")
    text = found.get("caption") or found.get("comment")
    if text:
        say(f"  {'caption' if found.get('caption') else 'profile'}: {one_line(text)}")
    if found.get("comments"):
        in_dumps = f", and {found['dumped_comments']:,} of old dumps" if found["dumped_comments"] else ""
        say(f"  comments kept: {found['comments']['kept']}{in_dumps}")
    for f in found.get("files") or ():
        if "path" not in f:
            say(f"  files {f['state']}: {f['files']:,} ({formats.size(f['bytes'])})")
            continue
        where = (
            s.media / f["path"]
            if f["state"] == "stored"
            else f"{f['state']}{': ' + one_line(f['error']) if f['error'] else ''}"
        )
        size = f" ({formats.size(f['size'])})" if f["size"] else ""
        say(f"  {f['role']} {f['page']}: {where}{size}")


def _tag(name: str, translations: Mapping[str, Mapping[str, str]]) -> str:
    other = " / ".join(dict.fromkeys(translations.get(name, {}).values()))
    return one_line(f"{name} ({other})" if other else name)


def show_hits(hits: Sequence[Hit], limit: int) -> None:
    if not hits:
        say("Nothing found.")
        return
    rows = []
    for hit in hits:
        state = "" if hit.state == "live" else hit.state
        rows.append(
            (str(hit.ref), hit.type or hit.medium, hit.title, hit.user_name or "", f"by {hit.matched}", state)
        )
    formats.table(("id", "type", "title", "artist", "found", ""), rows)
    if len(hits) == limit:
        say(f"The newest {limit}; --limit shows more.")
