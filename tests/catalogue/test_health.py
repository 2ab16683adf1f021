"""The first line of `status` and the exit code of `healthcheck`: true in each situation, with what to do."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue import clocks, runs
from pixmirror.catalogue.database import Database
from pixmirror.reports import health, kept, syncs, troubles
from pixmirror.reports.headline import Around, Headline, Job, Kind
from pixmirror.reports.kept import Counts
from pixmirror.reports.troubles import WEB_LOGIN, Trouble
from pixmirror.store.start import Holder
from tests.catalogue.builders import DAY, HOUR, ME, NOW

MINUTE = 60_000
FOLLOWING = Job("following", "following", 1800, NOW + 18 * MINUTE)
RUNS = Around(daemon=True, jobs=(FOLLOWING,))
STANDS = replace(RUNS, daemon=False)
LATE = replace(STANDS, jobs=(replace(FOLLOWING, due=NOW - 39 * DAY), Job("daily", "ranking", None, NOW - HOUR)))

Setup = Callable[[Connection], Any]


def nothing(conn: Connection) -> None:
    pass


def meta(key: str, value: Any) -> Setup:
    return lambda conn: runs.set_json(conn, key, value)


def synced(*ended: int, code: int = 0) -> Setup:
    def set_up(conn: Connection) -> None:
        for at in ended:
            syncs.note_sync(conn, at - MINUTE, at, code)

    return set_up


def one_artist_of_two(conn: Connection) -> None:
    synced(NOW - 52 * MINUTE)(conn)
    kept.save(conn, kept.Kept(NOW - 52 * MINUTE, Counts(2, 1, 0, 0, 0, 0, 0, NOW)))


def failing(times: int) -> Setup:
    def set_up(conn: Connection) -> None:
        runs.save_job(conn, "following", "following", None)
        for _ in range(times):
            began = runs.start_run(conn, "following", "following", NOW)
            runs.end_run(conn, began, "failed", NOW, error="GET /v2/illust/follow: 400: Invalid tag")
            runs.job_done(conn, "following", False, NOW)

    return set_up


def told(cause: str, error: str, says: str = "", **more: Any) -> Around:
    one = Trouble(cause, cause, says, error=error, **{"since": NOW - HOUR, "next_at": NOW + 4 * MINUTE} | more)
    return replace(RUNS, told=(one,))


def found(db: Database, set_up: Setup, around: Around) -> tuple[Headline, ...]:
    db.run_sync(runs.record_account, ME, "me", "me", False, 2, NOW - 50 * DAY)
    db.run_sync(set_up)
    wrong = db.read_sync(troubles.known, NOW)
    return db.read_sync(health.headlines, NOW, around, wrong, UTC)


# NOW is 14 November 2023, 22:13 UTC.
SITUATIONS: dict[str, tuple[Setup, Around, Kind, tuple[str, ...], int]] = {
    "well": (nothing, RUNS, Kind.WELL, ("All is well. New works are mirrored within 30 minutes.",), 0),
    "the first mirror": (
        nothing, replace(RUNS, progress="194 of about 1,770 works; about 30 to 45 min"), Kind.FIRST_MIRROR,
        ("Mirroring for the first time: 194 of about 1,770 works; about 30 to 45 min.",
         "Every list is being read; pictures follow as they come."), 0,
    ),
    "a sync is at work": (
        meta(kept.WHOLE, 1),
        replace(STANDS, holder=Holder(5792, NOW - 4 * MINUTE, "sync"), progress="9 files left"),
        Kind.SYNC_RUNS, ("A sync is running (since 4 min, process 5792): 9 files left.",), 0,
    ),
    "another command is at work": (
        nothing, replace(LATE, holder=Holder(5792, 0, "verify")), Kind.NOT_RUNNING,
        ("Nothing is being mirrored: pixmirror does not run, and job following was due 39 days ago.",
         "Start it: systemctl start pixmirror, or pixmirror run."), 7,
    ),
    "nothing runs": (
        nothing, LATE, Kind.NOT_RUNNING,
        ("Nothing is being mirrored: pixmirror does not run, and job following was due 39 days ago.",
         "Start it: systemctl start pixmirror, or pixmirror run."), 7,
    ),
    "nothing ever ran": (
        nothing, replace(STANDS, jobs=(replace(FOLLOWING, due=None),)), Kind.NOT_RUNNING,
        ("Nothing is mirrored yet.", "Begin: pixmirror sync once, or pixmirror run for good."), 7,
    ),
    "the first mirror was cut": (
        lambda conn: runs.start_run(conn, "following", "following", NOW - HOUR), STANDS, Kind.NOT_RUNNING,
        ("The first mirror is not finished, and nothing runs now.",
         "Go on: pixmirror sync once, or pixmirror run (systemctl start pixmirror) for good."), 7,
    ),
    "one sync, and nothing due since": (
        synced(NOW - 12 * MINUTE), STANDS, Kind.BY_SYNC,
        ("All that was asked for is here, as of 12 min ago. pixmirror does not run by itself.",), 0,
    ),
    "syncs by cron, later than the jobs ask for": (
        synced(NOW - 49 * HOUR, NOW - 25 * HOUR, NOW - HOUR), LATE, Kind.BY_SYNC,
        ("All that was asked for is here, as of 60 min ago. pixmirror does not run by itself.",), 0,
    ),
    "the cron of syncs is dead": (
        synced(NOW - 98 * HOUR, NOW - 74 * HOUR, NOW - 50 * HOUR), LATE, Kind.NOT_RUNNING,
        ("Nothing is being mirrored: pixmirror does not run, and job following was due 39 days ago.",
         "Start it: systemctl start pixmirror, or pixmirror run."), 7,
    ),
    "a sync that could not bring all": (
        one_artist_of_two, STANDS, Kind.BY_SYNC,
        ("All that can be had is here, as of 52 min ago. pixmirror does not run by itself.",
         "What is not, and why: pixmirror coverage"), 0,
    ),
    "the login is dead": (
        lambda conn: runs.note_refused_login(conn, "TokenRejected", NOW - 3 * DAY), LATE, Kind.LOGIN_REJECTED,
        ("Nothing new can be mirrored: Pixiv rejected the login on 11 Nov.",
         "Log in again: pixmirror login. What is here stays."), 3,
    ),
    "nobody is logged in any more": (
        nothing, replace(LATE, login="none"), Kind.NOT_LOGGED_IN,
        ("Nothing new can be mirrored: nobody is logged in.", "Log in: pixmirror login"), 3,
    ),
    "Pixiv limits us": (
        meta("pacer", {"cooldown_until": NOW + 20 * MINUTE}), RUNS, Kind.RESTING,
        ("Resting until 22:33: Pixiv asked for fewer requests.", "Nothing to do; it goes on slower by itself."), 8,
    ),
    "Pixiv limits a sync by hand": (
        lambda conn: (synced(NOW - HOUR)(conn), meta("pacer", {"cooldown_until": NOW + 3 * HOUR})(conn)), STANDS,
        Kind.RESTING,
        ("Resting until 15 Nov, 01:13: Pixiv asked for fewer requests.",
         "Nothing to do now; run pixmirror sync again after that."), 8,
    ),
    "Pixiv is down": (
        nothing, told("pixiv", "ServerError", "GET /v1/x: Pixiv answers 503."), Kind.UNREACHABLE,
        ("Pixiv cannot be reached since 21:13 (Pixiv answers 503). Tried again in 4 min.",), 8,
    ),
    "the login cannot be tried, for Pixiv is down": (
        nothing, told("login", "Unreachable", "No answer from Pixiv."), Kind.UNREACHABLE,
        ("Pixiv cannot be reached since 21:13 (No answer from Pixiv). Tried again in 4 min.",), 8,
    ),
    "the image host is down": (
        nothing, told("images", "ImageHostDown"), Kind.IMAGES_WAIT,
        ("Pictures wait: Pixiv's image host refuses all of them since 21:13. Lists go on. Tried again in 4 min.",),
        8,
    ),
    "the disk is full": (
        nothing, replace(RUNS, free=9 << 30, reserve=10 << 30), Kind.DISK_FULL,
        ("Pictures wait: 9.0 GiB free, less than the reserve of 10.0 GiB (mirror.keep_free).",
         "Free some space, or lower the reserve; it goes on by itself then."), 6,
    ),
    "the media folder is away": (
        nothing, replace(RUNS, media="/mnt/nas", media_away=True), Kind.MEDIA_AWAY,
        ("Pictures wait: the media folder is not there (/mnt/nas).", "Mount it; nothing was lost."), 6,
    ),
    "the brake is on": (
        meta("brake:work", {"since": NOW, "count": 640, "live": 12_408, "states": {"gone": 640}, "why": "many"}),
        RUNS, Kind.BRAKE,
        ("640 of 12,408 works would be marked gone at once; none is until you look.",
         "Look: pixmirror gone. If it is true: pixmirror gone --accept work"), 7,
    ),
    "paused": (
        lambda conn: runs.pause_job(conn, None, NOW + 2 * DAY), RUNS, Kind.PAUSED,
        ("Paused until 16 Nov, 22:13, by you.", "Go on before that: pixmirror resume"), 0,
    ),
    "no job is enabled": (
        nothing, replace(RUNS, jobs=()), Kind.NO_JOBS,
        ("Nothing is mirrored: no job is enabled.", "Add one to [[jobs]] in the config file: pixmirror help jobs"),
        7,
    ),
    "Pixiv has warned the account": (
        meta("pacer", {"warned_at": NOW - HOUR, "cooldown_until": NOW + 20 * MINUTE}), RUNS, Kind.WARNED,
        ("Stopped until you say so: Pixiv has warned the account of too many requests.",
         "Read the mail or the inbox at Pixiv, then: pixmirror resume --warning-read"), 8,
    ),
    "a job is late": (
        nothing, replace(RUNS, jobs=(replace(FOLLOWING, due=NOW - 3 * HOUR),)), Kind.OVERDUE,
        ("Job following was due 3 h ago and has not begun.", "Why is in its log: journalctl -u pixmirror"), 7,
    ),
    "quiet hours": (
        nothing, replace(RUNS, blocked={"api": [NOW + 8 * HOUR, "quiet hours"]}), Kind.QUIET,
        ("Resting until 15 Nov, 06:13: quiet hours.", "It goes on by itself then."), 0,
    ),
    "one thing needs the user": (
        failing(3), RUNS, Kind.NEEDS_YOU,
        ("One thing needs you. All else is well.",
         "Job following failed 3 times in a row: pixmirror status --full has the reason."), 7,
    ),
    "a job rests, because it kept failing": (
        failing(5), RUNS, Kind.NEEDS_YOU,
        ("One thing needs you. All else is well.",
         "Job following failed 5 times in a row and is asked once a day: 400: Invalid tag. When that is mended: "
         "pixmirror resume following"), 7,
    ),
    "what failed once goes on by itself": (
        failing(1), RUNS, Kind.WELL, ("All is well. New works are mirrored within 30 minutes.",), 0,
    ),
    "a job that no process runs, and the web login": (
        nothing,
        replace(RUNS, jobs=(FOLLOWING, replace(FOLLOWING, name="daily", known=False)),
                told=(Trouble("login", WEB_LOGIN, "expired"),)),
        Kind.NEEDS_YOU,
        ("Two things need you. All else is well.",
         "The web login does not work any more: put a new cookie into pixiv.phpsessid_file.",
         "Job daily is new in the config: systemctl reload pixmirror, or restart pixmirror run."), 7,
    ),
    "the clock is behind": (
        meta(clocks.BEHIND, {"now": NOW, "latest": NOW + DAY}), RUNS, Kind.NEEDS_YOU,
        ("One thing needs you. All else is well.",
         "The clock of this machine is behind: set it. Until then nothing is done at its time."), 7,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("set_up", "around"),
    [
        (meta("pacer", {"warned_at": NOW - HOUR}), RUNS),
        (failing(5), RUNS),
        (nothing, told("pixiv", "ServerError", "GET /x: Pixiv failed (503).")),
    ],
    ids=["warned", "resting", "outage"],
)
def test_a_job_that_waits_for_what_is_told_is_not_called_late(db: Database, set_up: Setup, around: Around) -> None:
    late = replace(around, jobs=(replace(FOLLOWING, due=NOW - 30 * HOUR),))
    assert Kind.OVERDUE not in {one.kind for one in found(db, set_up, late)}


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_first_line_says_what_is(db: Database, name: str) -> None:
    set_up, around, kind, lines, code = SITUATIONS[name]
    first, *_ = found(db, set_up, around)
    assert (first.kind, (first.says, *first.do), first.code) == (kind, lines, code)
    assert json.loads(json.dumps(first.as_dict()))["kind"] == kind


BRINGS = {
    "well": "It comes by itself.",
    "the brake is on": "It comes by itself.",
    "one sync, and nothing due since": "Nothing is mirrored now; pixmirror sync goes on with it.",
    "nothing runs": "Start it: systemctl start pixmirror, or pixmirror run.",
    "the login is dead": "Log in again: pixmirror login. What is here stays.",
    "paused": "Go on before that: pixmirror resume",
    "the media folder is away": "Mount it; nothing was lost.",
    "no job is enabled": "Add one to [[jobs]] in the config file: pixmirror help jobs",
}


@pytest.mark.parametrize("name", BRINGS)
def test_what_brings_the_rest_is_no_promise_while_something_stands_in_the_way(db: Database, name: str) -> None:
    set_up, around, *_ = SITUATIONS[name]
    found(db, set_up, around)
    assert db.read_sync(health.brings, NOW, around).endswith(BRINGS[name])


def test_a_pause_is_all_that_is_told_where_syncs_keep_the_mirror(db: Database) -> None:
    def paused(conn: Connection) -> None:
        synced(NOW - HOUR, code=7)(conn)
        runs.pause_job(conn, None, None)

    [only] = found(db, paused, STANDS)
    assert (only.says, only.do) == ("Paused, by you.", ("Go on: pixmirror resume",))


def test_a_sentence_stands_in_two_parts_under_a_title() -> None:
    parts = {
        "All is well. New works are mirrored within 30 minutes.": ("All is well.", "New works are"),
        "Resting until 14:32: Pixiv asked for fewer requests.": ("Resting until 14:32.", "Pixiv asked"),
        "Paused, by you.": ("Paused, by you.", ""),
    }
    for says, (title, begins) in parts.items():
        found = Headline(Kind.WELL, says).parts
        assert (found[0], found[1][: len(begins)]) == (title, begins)


def test_a_login_that_was_never_tried_is_no_login(db: Database) -> None:
    around = replace(STANDS, login="untried")
    first, *_ = db.read_sync(health.headlines, NOW, around, (), UTC)
    assert (first.says, first.do, first.code) == (
        "The login was never tried.",
        ("pixmirror check --pixiv asks Pixiv.",),
        3,
    )
    first, *_ = db.read_sync(health.headlines, NOW, replace(around, login="none"), (), UTC)
    assert (first.says, first.code) == ("Not begun: nobody is logged in.", 3)


def test_a_login_that_came_after_the_refusal_stands(db: Database) -> None:
    def refused(conn: Connection) -> None:
        runs.note_refused_login(conn, "TokenRejected", NOW - DAY)

    assert found(db, refused, replace(STANDS, login_at=NOW - HOUR))[0].kind == Kind.NOT_RUNNING
    assert found(db, refused, replace(STANDS, login_at=NOW - 2 * DAY))[0].kind == Kind.LOGIN_REJECTED
    db.run_sync(runs.record_account, ME, "me", "me", False, 2, NOW)
    assert db.read_sync(runs.refused_login) is None, "Pixiv took it"


def test_what_asks_most_of_the_user_comes_first(db: Database) -> None:
    def all_at_once(conn: Connection) -> None:
        runs.note_refused_login(conn, "TokenRejected", NOW - DAY)
        meta("pacer", {"cooldown_until": NOW + 20 * MINUTE})(conn)

    heads = found(db, all_at_once, replace(LATE, media_away=True, media="/m"))
    assert [one.code for one in heads] == [3, 6, 8, 7]


def test_troubles_of_a_process_that_ended_are_told_as_the_past(db: Database) -> None:
    around = replace(told("pixiv", "Unreachable", "No network."), daemon=False)
    first, *_ = found(db, synced(NOW - HOUR, code=8), around)
    assert first.says == "Pixiv cannot be reached since 21:13 (No network). The next pixmirror sync tries again."
    assert first.code == 8


def test_without_a_login_nothing_is_said_to_be_mirrored_for_the_first_time(db: Database) -> None:
    around = replace(RUNS, progress="0 works so far")
    assert found(db, nothing, around)[0].kind == Kind.FIRST_MIRROR
    refused = found(db, lambda conn: runs.note_refused_login(conn, "TokenRejected", NOW), around)
    assert [one.kind for one in refused] == [Kind.LOGIN_REJECTED]
