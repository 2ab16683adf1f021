"""How the mirror is: one sentence, what to do, and the exit code of `healthcheck`, for each situation that holds.

The one that asks most of the user comes first. Only what needs the user has another code than 0: what goes on by
itself is no trouble.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from sqlalchemy import Connection

from pixmirror.catalogue import clocks, findings, losses, runs
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.words import length, many
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.errors import ExitCode
from pixmirror.ledger import brake
from pixmirror.reports import backups, kept, syncs, troubles
from pixmirror.reports.headline import Around, Headline, Job, Kind, View, what_brings
from pixmirror.reports.moments import as_of, clock, day
from pixmirror.reports.syncs import Sync
from pixmirror.reports.troubles import WEB_LOGIN, Trouble
from pixmirror.terminal import size

FIRST_MS = 60 * DAY_MS  # a mirror that is older is not made for the first time, whatever is left
FAILURES_TO_TELL = 3
NOTHING_YET = "Nothing is mirrored yet"
BEGIN = "Begin: pixmirror sync once, or pixmirror run for good."
_TECHNICAL = re.compile(r"^[A-Z]+ /\S+: | \([A-Z]\w+: .*\)")


def situations(conn: Connection, now: int, around: Around, zone: tzinfo | None = None) -> tuple[Headline, ...]:
    """Return every situation that holds, with what the catalogue knows."""
    return headlines(conn, now, around, troubles.known(conn, now), zone)


def brings(conn: Connection, now: int, around: Around) -> str:
    """Say what brings what is not here yet."""
    return what_brings(situations(conn, now, around), around)


def headlines(
    conn: Connection, now: int, around: Around, wrong: Sequence[Trouble] = (), zone: tzinfo | None = None
) -> tuple[Headline, ...]:
    """Return every situation that holds, the first for the first line. `wrong`: what the catalogue knows."""
    view = View(conn, now, around, (*around.told, *wrong), zone)
    found = [*_login(view), *_storage(view), *_pixiv(view), *_brakes(view), *_jobs(view)]
    if needs := tuple(_needs(view)):
        n = "One thing needs" if len(needs) == 1 else f"{_NUMBERS.get(len(needs), str(len(needs)))} things need"
        rest = "" if any(one.code for one in found) else " All else is well."
        found.append(Headline(Kind.NEEDS_YOU, f"{n} you.{rest}", needs, ExitCode.INCOMPLETE))
    found += _at_work(view, can_ask=all(one.code != ExitCode.LOGIN for one in found))
    if not found:
        found.append(Headline(Kind.WELL, f"All is well. {_rhythm(around.jobs)}"))
    return tuple(sorted(found, key=lambda one: one.place))


_NUMBERS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight", 9: "Nine"}


def _rhythm(jobs: Sequence[Job]) -> str:
    """Say how soon new works are mirrored."""
    every = [job.every for job in jobs if job.every and job.reads_artists]
    every = every or [job.every for job in jobs if job.every]
    if not every:
        return "New works are mirrored at the times of the jobs."
    seconds = max(min(every), 60)
    units = ((5400, 60, "minute"), (86400, 3600, "hour"), (seconds + 1, 86400, "day"))
    unit, name = next((unit, name) for most, unit, name in units if seconds < most)
    return f"New works are mirrored within {many(round(seconds / unit), name)}."


# --- login


def _login(view: View) -> Iterator[Headline]:
    code, here = ExitCode.LOGIN, runs.account_id(view.conn) is not None
    if view.around.login == "none":
        says = "Nothing new can be mirrored: nobody is logged in." if here else "Not begun: nobody is logged in."
        yield Headline(Kind.NOT_LOGGED_IN, says, ("Log in: pixmirror login",), code)
        return
    refused = [] if view.around.login == "untried" and here else [*_refusals(view)]
    if refused:
        since, error = min(refused)[0], refused[-1][1]
        on = f" on {day(since, view.now, view.zone)}" if since else ""
        why = (
            f"the login{on} was another account's" if error == "WrongAccount" else f"Pixiv rejected the login{on}"
        )
        do = ("Log in again: pixmirror login. What is here stays.",)
        says = f"Nothing new can be mirrored: {why}."
        yield Headline(Kind.LOGIN_REJECTED, says, do, code, since or None)
    elif view.around.login == "untried" and not here and not view.around.works:
        yield Headline(
            Kind.LOGIN_UNTRIED, "The login was never tried.", ("pixmirror check --pixiv asks Pixiv.",), code
        )


def _refusals(view: View) -> Iterator[tuple[int, str]]:
    """Yield since when Pixiv refuses the login that is kept, and the class of the error."""
    told = [(one.since or 0, one.error) for one in view.of("login") if one.error in _REJECTED]
    kept_one = runs.refused_login(view.conn)
    for since, error in (*told, *([kept_one] if kept_one else ())):
        if view.around.daemon or since > view.around.login_at:
            yield since, error


_REJECTED = ("TokenRejected", "WrongAccount", "LoginError", "LoginNeeded")

# --- disk


def _storage(view: View) -> Iterator[Headline]:
    code, around = ExitCode.STORAGE, view.around
    if around.media_away:
        says = f"Pictures wait: the media folder is not there ({around.media})."
        yield Headline(Kind.MEDIA_AWAY, says, ("Mount it; nothing was lost.",), code)
    elif around.free is not None and around.free < around.reserve:
        says = (
            f"Pictures wait: {size(around.free)} free, less than the reserve of {size(around.reserve)} "
            "(mirror.keep_free)."
        )
        goes_on = "it goes on by itself then" if around.daemon else "then run pixmirror sync again"
        do = f"Free some space, or lower the reserve; {goes_on}."
        yield Headline(Kind.DISK_FULL, says, (do,), code)
    else:
        for one in view.of("storage", "catalogue"):
            if one.error not in ("DiskFull", "StorageAbsent"):  # which is over, as just seen
                yield Headline(Kind.STORAGE_FAILS, _sentence(one.says), _lines(one.do), code, one.since)


# --- Pixiv


def _pixiv(view: View) -> Iterator[Headline]:
    code, now, zone = ExitCode.PIXIV, view.now, view.zone
    for one in view.of("warning"):
        says = "Stopped until you say so: Pixiv has warned the account of too many requests."
        read = "Read the mail or the inbox at Pixiv, then: pixmirror resume --warning-read"
        yield Headline(Kind.WARNED, says, (read,), code, one.since)
        return
    by_itself = "Nothing to do; it goes on slower by itself."
    by_hand = "Nothing to do now; run pixmirror sync again after that."
    do = (by_itself if view.around.daemon else by_hand,)
    limited = {one.thing: one.next_at or 0 for one in view.of("limited")}
    if until := limited.get("the App API"):
        says = f"Resting until {clock(until, now, zone)}: Pixiv asked for fewer requests."
        yield Headline(Kind.RESTING, says, do, code, until=until)
    if until := limited.get("the image host"):
        says = f"Pictures wait until {clock(until, now, zone)}: Pixiv's image host asked for a pause. Lists go on."
        yield Headline(Kind.IMAGES_WAIT, says, do, code, until=until)
    for one in view.of("pixiv", "login"):
        if one.error in _REJECTED or one.thing == WEB_LOGIN:
            continue
        if one.error in ("RateLimited", "HeldBack"):
            if "the App API" not in limited and view.around.works:
                yield Headline(Kind.RESTING, "Resting: Pixiv asked for fewer requests.", do, code, one.since)
        elif one.error in ("Challenge", "Blocked"):
            says = f"Pixiv does not let us in{view.since(one)}: {_reason(one.says)}. {view.again(one)}"
            yield Headline(Kind.UNREACHABLE, says, _lines(one.do), code, one.since, one.next_at)
        else:
            says = f"Pixiv cannot be reached{view.since(one)} ({_reason(one.says)}). {view.again(one)}"
            yield Headline(Kind.UNREACHABLE, says, (), code, one.since, one.next_at)
            break
    for one in view.of("images"):
        if "the image host" not in limited:
            says = f"Pictures wait: Pixiv's image host refuses all of them{view.since(one)}. Lists go on."
            yield Headline(Kind.IMAGES_WAIT, f"{says} {view.again(one)}", (), code, one.since, one.next_at)


def _reason(says: str) -> str:
    """Return what was answered, as it stands inside a sentence: neither what was asked nor what a library said."""
    return _TECHNICAL.sub("", says).rstrip(".! ")


# --- what is held, or runs late


def _brakes(view: View) -> Iterator[Headline]:
    for one in brake.troubles(brake.brakes_on(view.conn), view.now):
        things = brake.KINDS[one.kind].things
        if one.why == "blind":
            says = f"Pixiv denies {one.count:,} {things}, which nothing proves yet; none is marked gone till then."
            do: tuple[str, ...] = ("Look: pixmirror gone.",)
        else:
            says = f"{one.count:,} of {one.live:,} {things} would be marked gone at once; none is until you look."
            do = (f"Look: pixmirror gone. If it is true: pixmirror gone --accept {one.kind}",)
        yield Headline(Kind.BRAKE, says, do, ExitCode.INCOMPLETE, one.since)


def _jobs(view: View) -> Iterator[Headline]:
    around, now, code = view.around, view.now, ExitCode.INCOMPLETE
    if not around.jobs:
        do = ("Add one to [[jobs]] in the config file: pixmirror help jobs",)
        yield Headline(Kind.NO_JOBS, "Nothing is mirrored: no job is enabled.", do, code)
        return
    late = [job for job in around.jobs if job.due is not None and job.due <= now]
    if around.daemon:
        paused = runs.pause_of_all(view.conn, now)
        held = {name for name, state in runs.job_states(view.conn).items() if state.held(now)}
        held |= runs.resting(view.conn).keys()
        if view.of("warning", "pixiv", "login"):
            late = []  # they wait for that, as is told
        for job in late:
            grace = max(HOUR_MS, 2000 * (job.every or 0))
            if not (job.running or paused or job.name in held) and now - (job.due or 0) > grace:
                says = f"Job {job.name} was due {_since(job.due or 0, now)} and has not begun."
                yield Headline(Kind.OVERDUE, says, ("Why is in its log: journalctl -u pixmirror",), code)
        return
    if around.works or _by_sync(view) is not None:
        return
    begun = runs.first_run_at(view.conn)
    if begun is None and not any(job.due for job in around.jobs):
        if around.login != "none" and not any(_refusals(view)):
            yield Headline(Kind.NOT_RUNNING, f"{NOTHING_YET}.", (BEGIN,), code)
        return
    if begun is not None and _is_first(view):
        says = "The first mirror is not finished, and nothing runs now."
        do = ("Go on: pixmirror sync once, or pixmirror run (systemctl start pixmirror) for good.",)
        yield Headline(Kind.NOT_RUNNING, says, do, code)
        return
    start = ("Start it: systemctl start pixmirror, or pixmirror run.",)
    says = "Nothing is being mirrored: pixmirror does not run"
    if late:
        first = min(late, key=lambda job: job.due or 0)
        says += f", and job {first.name} was due {_since(first.due or 0, now)}"
    yield Headline(Kind.NOT_RUNNING, f"{says}.", start, code, min((j.due or 0 for j in late), default=None))


def _since(ms: int, now: int) -> str:
    return "now" if now - ms < 60_000 else f"{length((now - ms) / 1000)} ago"


def _by_sync(view: View) -> Sync | None:
    return syncs.keeping(view.conn, view.now, [job.due for job in view.around.jobs])


# --- beside all well


def _needs(view: View) -> Iterator[str]:
    """Yield what the user alone can put right, a line each with its command."""
    refused = [one for one in view.troubles if one.thing == WEB_LOGIN]
    if refused:
        yield "The web login does not work any more: put a new cookie into pixiv.phpsessid_file."
    yield from backups.failed(view.around.backups)
    for job in view.around.jobs:
        if not job.known:
            yield f"Job {job.name} is new in the config: systemctl reload pixmirror, or restart pixmirror run."
    apart = view.of("login", "warning", "pixiv", "storage", "catalogue", "limited")
    enabled, rests = {job.name for job in view.around.jobs}, runs.resting(view.conn)
    for name, state in runs.job_states(view.conn).items():
        if state.failures < FAILURES_TO_TELL or apart or name not in enabled:
            continue
        if (rest := rests.get(name)) is not None:
            reason = _reason(rest.reason)
            yield (
                f"Job {name} failed {rest.failures} times in a row and is asked once a day: {reason}. When that "
                f"is mended: pixmirror resume {name}"
            )
        else:
            yield f"Job {name} failed {state.failures} times in a row: pixmirror status --full has the reason."
    if runs.get_json(view.conn, clocks.BEHIND):
        yield "The clock of this machine is behind: set it. Until then nothing is done at its time."
    yield from _lost(view)
    yield from _damaged(view)
    if gone := view.of("endpoint"):
        n = "an address that pixmirror asks" if len(gone) == 1 else f"{len(gone)} addresses that pixmirror asks"
        yield f"Pixiv no longer has {n}: look for a newer pixmirror."
    for one in view.troubles:
        if one.cause.startswith("unforeseen"):
            yield "A fault of pixmirror: report it with the trace in the log; all else goes on."
            break


def _lost(view: View) -> Iterator[str]:
    if lost := list(dict.fromkeys(losses.noted(view.conn).over)):
        first, accept = Ref.of_work(lost[0]), "Restore it and run pixmirror verify, or pixmirror verify --accept"
        if len(lost) == 1:
            yield f"{first} was here and is lost, and Pixiv has it no more. {accept} {first}"
        else:
            yield f"{len(lost):,} works were here and are lost, and Pixiv has them no more: pixmirror gone"


def _damaged(view: View) -> Iterator[str]:
    """Yield what was found to be wrong with the disk and the catalogue's own file."""
    found = findings.counts(view.conn)
    if unreadable := found.get(("file", "unreadable")):
        yield f"{many(unreadable, 'file')} cannot be read: look at the disk, then run pixmirror verify."
    if any(subject == "disk" for subject, _ in found):
        yield "Many files are missing or bad; none is fetched again yet. Mount the disk, then: pixmirror verify"
    if any(subject in ("rows", "payload", "text", "catalogue") for subject, _ in found):
        yield "The catalogue is damaged: put back your backup of it (pixmirror help verify)."


# --- all well: what goes on


def _at_work(view: View, *, can_ask: bool) -> Iterator[Headline]:
    around, now, zone = view.around, view.now, view.zone
    if pause := runs.pause_of_all(view.conn, now):
        until = f" until {clock(pause.until, now, zone)}" if pause.until else ""
        do = (f"Go on{' before that' if pause.until else ''}: pixmirror resume",)
        yield Headline(Kind.PAUSED, f"Paused{until}, by you.", do, until=pause.until)
    blocked = around.blocked.get("api")
    if around.daemon and blocked and blocked[0] and not pause:
        reason = blocked[1]
        if not reason.startswith("cooling"):
            says = f"Resting until {clock(blocked[0], now, zone)}: {reason}."
            yield Headline(Kind.QUIET, says, ("It goes on by itself then.",), until=blocked[0])
    if around.works and around.progress and not pause and _is_first(view):
        if not can_ask:  # without a login nothing is read
            return
        do = ("Every list is being read; pictures follow as they come.",)
        yield Headline(Kind.FIRST_MIRROR, f"Mirroring for the first time: {around.progress}.", do)
    elif not around.daemon and (who := around.holder) is not None:
        since = f"since {length((now - who.since) / 1000)}, " if who.since else ""
        told = f"({since}process {who.process})"
        if around.works and who.what != "run":
            far = around.progress or "looking for what is new"
            yield Headline(
                Kind.SYNC_RUNS, f"A {who.what or 'sync'} is running {told}: {far}.", since=who.since or None
            )
        else:
            says = f"pixmirror {who.what} is at work {told}."
            yield Headline(Kind.COMMAND_RUNS, says, since=who.since or None)
    elif not around.daemon and not pause and (last := _by_sync(view)) is not None:
        yield _after_sync(view, last)


def _after_sync(view: View, last: Sync) -> Headline:
    when, counts = as_of(last.ended, view.now, view.zone), kept.known(view.conn)
    alone = "pixmirror does not run by itself."
    if lost := losses.noted(view.conn).coming:
        are = "is" if lost == 1 else "are"
        says = f"{many(lost, 'file')} that verify found missing or bad {are} not back. {alone}"
        return Headline(Kind.BY_SYNC, says, ("pixmirror sync fetches what Pixiv still has.",), since=last.ended)
    if last.code:
        says = f"The last sync ({when}) left something for the next one; {alone}"
        return Headline(Kind.BY_SYNC, says, ("pixmirror sync goes on from there.",), since=last.ended)
    if counts is not None and not counts.complete.is_complete:
        says, do = (
            f"All that can be had is here, as of {when}. {alone}",
            "What is not, and why: pixmirror coverage",
        )
        return Headline(Kind.BY_SYNC, says, (do,), since=last.ended)
    return Headline(Kind.BY_SYNC, f"All that was asked for is here, as of {when}. {alone}", since=last.ended)


def _is_first(view: View) -> bool:
    """Return whether the mirror is still being made: nothing was ever complete, and it is young."""
    if kept.was_whole(view.conn):
        return False
    first = runs.first_run_at(view.conn)
    return first is None or view.now - first < FIRST_MS


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _lines(do: str) -> tuple[str, ...]:
    return (_sentence(do),) if do else ()
