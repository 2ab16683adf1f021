"""What `why`, `show` and `search` look like."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pixmirror.catalogue.paths import text_path
from pixmirror.catalogue.refs import parse_ref
from pixmirror.catalogue.words import said
from pixmirror.cli import formats
from pixmirror.cli.common import Session, now_ms, say, tell
from pixmirror.models import JST, State, to_ms
from pixmirror.reports import states
from pixmirror.reports.moments import day
from pixmirror.reports.reasons import FILES
from pixmirror.reports.texts import plain_caption, plain_novel
from pixmirror.reports.why_facts import is_forgotten
from pixmirror.terminal import one_line

if TYPE_CHECKING:
    from pixmirror.reports.search.hits import Hit
    from pixmirror.reports.why import Why
    from pixmirror.reports.why_short import Short


def show_why(found: "Why", short: "Short", now: int, *, full: bool) -> None:
    """Print the answer; what is missing with its reason, the next step and the story; with `full` everything."""
    tell(short.first)
    for step in short.steps:
        tell(step, "  ")
    dates = [day(event.at, now) for event in short.story]
    width = max(map(len, dates), default=0)
    for date, event in zip(dates, short.story, strict=True):
        say(f"  {date.rjust(width)}  {one_line(event.what)}")
    if full:
        say()
        _all_of_why(found)


def _all_of_why(found: "Why") -> None:
    for sentence in found.answer:
        say(f"  {one_line(sentence)}")
    for job in found.jobs:
        verdict = f": refused: {one_line(job.refused_reason)}" if job.refused_reason else ": wanted"
        verdict = "" if is_forgotten(found.facts) else verdict
        name = f"Job {job.job}" if job.job else "A look-up"
        say(f"  {name} saw it from {said(job.first_seen)} on{verdict}.")
    rows = [
        (f"{f.role} {f.page}", f.state, f.path, f.next or f.error or "")
        for f in found.files
        if f.state != "stored"
    ]
    if rows:
        formats.table(("file", "state", "path", "what happens"), rows)


def show_item(s: Session, found: Mapping[str, Any]) -> None:
    """Print a work or a user, the answer to "is it here, and where" first."""
    show_one = _show_user if found["ref"].startswith("user:") else _show_work
    show_one(s, found, now_ms())


def _show_work(s: Session, found: Mapping[str, Any], now: int) -> None:
    author = found["user"]
    by = f", by {author['name']} (user:{author['id']})" if author and author["name"] else ""
    title = f"{found['title']} ({found['ref']})" if found["title"] else f"Work {found['ref']}, without a title"
    tell(f"{title}{by}")
    here, is_kept, is_whole = _here(found, s.has_web)
    tell(here, "  ")
    if is_kept:
        say(f"  To look at it: pixmirror open {found['ref']}")
    if not is_whole:
        say(f"  Why: pixmirror why {found['ref']}")
    say(f"  {found['link']}")
    _files(s, found, now)
    say()
    facts = [found["type"] or found["medium"], formats.count(found["page_count"] or 1, "page")]
    if found["medium"] == "novel":
        facts = ["novel", *([f"{found['text_length']:,} characters"] if found["text_length"] else [])]
    facts += [f"posted {day_of(found['create_date'], now)}"] if found["create_date"] else []
    counted = (("total_bookmarks", "bookmark"), ("total_view", "view"))
    facts += [formats.count(found[key], noun) for key, noun in counted if found[key] is not None]
    tell(", ".join(facts))
    if found["provenance"] == "legacy":
        say("provenance: legacy (only old dumps tell of it)")
    if found["series"]:
        tell(f"Series: {found['series']['title'] or found['series']['id']}")
    if found["tags"]:
        tell(f"Tags: {', '.join(_tag(t, found['tag_translations']) for t in found['tags'])}")
    _words("Caption", found["caption"])
    say(_versions(found, now))
    _comments(found, now)
    if found["text"] is not None:
        say()
        for line in plain_novel(found["text"]).split("\n"):
            say(f"  {line}".rstrip())


def _here(found: Mapping[str, Any], has_web: bool) -> tuple[str, bool, bool]:
    """Say whether it is here, and what became of it at Pixiv. Return also whether any of it is, and all of it."""
    current = [f for f in found["files"] if f["is_current"]]
    stored = sum(f["state"] == "stored" for f in current)
    kept = stored > 0 or found["text"] is not None
    is_lost = any(f["sha256"] and f["path"] and f["state"] not in ("stored", "forgotten") for f in current)
    lost = states.of_loss() if is_lost else ""
    state = states.of_work(found["state"], kept=kept, lost=lost, has_web=has_web)
    files = formats.count(len(current), "file")
    if not kept:
        here = "Nothing of it is here"
    elif stored == len(current):
        here = "All of it is here"
    else:
        here = f"{stored} of {files} here"
    dot = "" if state.endswith(states.WEB_LOGIN) else "."  # a command is pasted as it stands
    return f"{here}{f'; {state}' if state else ''}{dot}", kept, kept and stored == len(current)


def _files(s: Session, found: Mapping[str, Any], now: int) -> None:
    """List the files, folder by folder: name, size, and whether it is the current one."""
    folder = None
    has_versions = {(f["role"], f["page"]) for f in found["files"] if not f["is_current"]}
    for f in found["files"]:
        path = s.media / f["path"]
        if path.parent != folder:
            folder = path.parent
            say(f"  In {folder}:")
        is_old = not f["is_current"]
        mark = ""
        if (f["role"], f["page"]) in has_versions:
            since = _uploaded(f, now)
            mark = f"old version of {since}" if is_old else f"current, of {since}"
        state = "" if f["state"] == "stored" else states.of_file(f, now)
        size = formats.size(f["size"]) if f["size"] else ""
        say(f"    {path.name}  {', '.join(filter(None, (size, mark, one_line(state))))}".rstrip())
    text = text_path(parse_ref(found["ref"]).work_key or 0, found["user_id"] or 0)
    if text is not None and found["text"] is not None and (s.media / text).exists():
        if folder != (s.media / text).parent:
            say(f"  In {(s.media / text).parent}:")
        say(f"    {(s.media / text).name}  the text")


def _versions(found: Mapping[str, Any], now: int) -> str:
    """Return the line on versions."""
    if not found["versions"]:
        return "no version: only its state is known"
    several = f", last changed {day_of(found['changed_at'], now)}: --history" if found["versions"] > 1 else ""
    return f"{formats.count(found['versions'], 'version')}{several}"


def _uploaded(f: Mapping[str, Any], now: int) -> str:
    """Return the day on which a version of a file was uploaded, or was first seen here."""
    version = f["version"] or ""
    if len(version) == 14 and version.isdigit():
        moment = datetime.strptime(version, "%Y%m%d%H%M%S").replace(tzinfo=JST)
        return day(to_ms(moment), now)
    return day_of(f["first_seen"], now)


def day_of(text: str | None, now: int) -> str:
    """Return the local date of a time of JSON."""
    return "" if text is None else day(to_ms(datetime.fromisoformat(text)), now)


def _words(head: str, html: str | None) -> None:
    """Print what an artist wrote, as text."""
    if not html:
        return
    say(f"{head}:")
    for line in plain_caption(html).split("\n"):
        tell(line, "  ")


def _comments(found: Mapping[str, Any], now: int) -> None:
    in_dumps = f", and {found['dumped_comments']:,} of old dumps" if found["dumped_comments"] else ""
    listed = found.get("comment_list")
    more = ": --comments" if found["comments"]["kept"] and listed is None else ""
    say(f"{formats.count(found['comments']['kept'], 'comment')} kept{in_dumps}{more}")
    for c in listed or ():
        said = c["comment"] or (f"(stamp {c['stamp_id']})" if c["stamp_id"] else "(empty)")
        gone = "" if c["state"] == "live" else " (no longer at Pixiv)"
        who = c["user_name"] or (f"user:{c['user_id']}" if c["user_id"] else "somebody")
        indent = "    " if c["parent_id"] else "  "
        tell(f"{day_of(c['date'], now)}  {who}{gone}: {said}".strip(), indent)


def _show_user(s: Session, found: Mapping[str, Any], now: int) -> None:
    tell(f"{found['name']} ({found['ref']})" if found["name"] else f"User {found['id']}")
    works = sum(w["works"] for w in found["works"])
    stored = next((f for f in found["files"] if f["state"] == "stored"), {"files": 0, "bytes": 0})
    state = states.of_user(found["state"])
    here = f"{formats.count(works, 'work')} known, {formats.count(stored['files'], 'file')} stored"
    tell(f"{here} ({formats.size(stored['bytes'])}){f'; {state}' if state else ''}.", "  ")
    others = {f["state"]: f["files"] for f in found["files"] if f["state"] != "stored"}
    if others:
        waiting = ", ".join(f"{n:,} {FILES[name].says if name in FILES else name}" for name, n in others.items())
        tell(f"{waiting}: pixmirror coverage {found['ref']}", "  ")
    say(f"  {found['link']}")
    folder = s.media / str(found["id"])
    say(f"  In {folder}" if folder.is_dir() else "  No file is here.")
    follows = [f["restrict"] for f in found["follows"] if f["state"] == "live"]
    say(f"  Followed ({', '.join(follows)})." if follows else "  Not followed.")
    _words("Profile", found.get("comment"))
    say(_versions(found, now))
    rows = []
    for w in found["list"]:
        is_theirs = w["state"] in State.LEFT  # which the second line says of all
        state = "" if is_theirs else states.of_work(w["state"], kept=w["is_here"]).partition(";")[0]
        files = formats.count(w["files"], "file") if w["files"] else "" if w["is_here"] else "not here"
        rows.append((w["ref"], w["title"], day_of(w["create_date"], now), files, w["type"], state))
    if rows:
        say()
        _listing(("work", "title", "posted", "here", "type", "state"), rows)
    if works > len(rows):
        say(f"The newest {len(rows):,} of {works:,}; --all lists all.")


def _tag(name: str, translations: Mapping[str, Mapping[str, str]]) -> str:
    other = " / ".join(dict.fromkeys(translations.get(name, {}).values()))
    return one_line(f"{name} ({other})" if other else name)


def show_hits(hits: "Sequence[Hit]", limit: int) -> None:
    if not hits:
        say("Nothing found.")
        return
    rows = []
    for hit in hits:
        state = states.of_work(hit.state, kept=True).partition(",")[0]
        rows.append(
            (str(hit.ref), hit.title, hit.user_name or "", state, hit.type or hit.medium, f"by {hit.matched}")
        )
    _listing(("id", "title", "artist", "state", "type", "found"), rows)
    if len(hits) == limit:
        say(f"The newest {limit}; --limit shows more.")


def _listing(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table without the columns that are empty."""
    shown = [n for n in range(len(head)) if any(row[n] for row in rows)]
    formats.table([head[n] for n in shown], [[row[n] for n in shown] for row in rows])
