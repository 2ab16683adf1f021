"""What is wrong, as data: the cause, the thing, one sentence, what to do, and when it is tried again.

`status` and the end of `sync` say these sentences; what only a running process knows is told to it.
"""

import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import clocks, endpoints, findings, runs
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.media import ASKED_BY
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import rows, value
from pixmirror.catalogue.words import many, said
from pixmirror.clock import DAY_MS
from pixmirror.ledger import brake
from pixmirror.pixiv.waiting import UNREADABLE, WARNED, warned_at
from pixmirror.reports.reasons import FILES, REF, of_failed

_NEWER = "Look for a newer pixmirror; all else goes on"
LAST = "troubles"  # meta key: what the last process could not get over
SAMPLE = 1000
SOON_MS = 600_000
WEB_LOGIN = "the login at www.pixiv.net"
TRIES = 2  # what failed so often is told; before that it may be over in a minute
_ID = re.compile(r"\d{5,}")
# Where a file's reason differs from that of others like it.
_ADDRESS = re.compile(r"GET \S+:")
_AMOUNT = re.compile(r"\d[\d,]*(?= (?:of|bytes|s\b|hours|GiB))|(?<=of )\d[\d,]*")
_ENDPOINT_GONE = "Pixiv has no such endpoint"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `cause`: login, warning, pixiv, images, storage, catalogue, limited, brake, list,
    question, endpoint, file, damaged, rot, unread, capped, clock. `explained`: nothing is left to do, it is only
    good to know. `since`: when it began, and `error`: the class of the error, where a process met it.
    """

    cause: str
    thing: str
    says: str
    do: str = ""
    next_at: int | None = None
    explained: bool = False
    since: int | None = None
    error: str = ""

    def __str__(self) -> str:
        told = self.next_at is None or said(self.next_at) in self.says
        again = "" if told or self.next_at is None else f"Next try: {said(self.next_at)}."
        return " ".join(part for part in (_ended(self.says), _ended(self.do), again) if part)


def _ended(sentence: str) -> str:
    return sentence if not sentence or sentence.endswith((".", "!", "?", ":")) else f"{sentence}."


def keep(conn: Connection, found: Sequence[Trouble]) -> None:
    """Keep what a process could not recover from, for `status` after its end; nothing if all went well."""
    if found:
        runs.set_json(conn, LAST, [asdict(one) for one in found])
    else:
        runs.drop_meta(conn, LAST)


def kept(conn: Connection) -> tuple[Trouble, ...]:
    """Return what the last process could not recover from."""
    return tuple(Trouble(**one) for one in runs.get_json(conn, LAST) or ())


def known(conn: Connection, now: int) -> tuple[Trouble, ...]:
    """Return all that the catalogue knows to be wrong, what affects most first."""
    return (
        *_clock(conn, now), *_limited(conn, now), *_brakes(conn, now), *_endpoints(conn), *_lists(conn, now),
        *_questions(conn, now), *_files(conn, now), *_damaged(conn), *_unread(conn), *_ending_early(conn),
    )  # fmt: skip


def _clock(conn: Connection, now: int) -> Iterator[Trouble]:
    if found := runs.get_json(conn, clocks.BEHIND):
        yield Trouble(
            "clock", "the clock of this machine",
            f"The clock was at {said(found['now'])}, but it has been {said(found['latest'])} before, and Pixiv "
            "has shown works of later days: until it is right, nothing is done at its time",
            "Set the clock of this machine",
        )  # fmt: skip
    found = runs.get_json(conn, clocks.SET_BACK)
    if found and 0 <= now - found["at"] < 7 * DAY_MS and found["by"] >= DAY_MS:
        yield Trouble(
            "clock", "the clock of this machine",
            f"The clock was {found['by'] // DAY_MS:,} days ahead until {said(found['at'])}; what it had put "
            "off was pulled back, and what first came in then may carry wrong dates",
            explained=True,
        )  # fmt: skip


def _limited(conn: Connection, now: int) -> Iterator[Trouble]:
    for key, thing, why in (
        ("pacer", "the App API", "Pixiv asked for fewer requests"),
        ("image_budget", "the image host", "The image host asked for a pause"),
    ):
        saved = runs.get_saved(conn, key)
        if key == "pacer" and (at := warned_at(saved)):
            since = None if at == UNREADABLE else at
            says = f"{WARNED} ({said(at)}): nothing is sent to it"
            if since is None:
                says = "Whether Pixiv has warned the account cannot be read any more: nothing is sent to it"
            do = "Read the mail or the inbox at Pixiv, then run `pixmirror resume --warning-read`"
            yield Trouble("warning", "the account", says, do, since=since, error="AccountWarned")
            continue
        until = _time(saved, "cooldown_until")
        if now < until <= now + DAY_MS:
            yield Trouble("limited", thing, f"{why}: nothing is sent to it until {said(until)}", "", until)


def _time(saved: Any, name: str) -> int:
    """Return a moment of the saved budget of a process; 0 if there is none, or it cannot be read."""
    try:
        return int(saved.get(name, 0))
    except (AttributeError, TypeError, ValueError, OverflowError):
        return 0


def _brakes(conn: Connection, now: int) -> Iterator[Trouble]:
    for held in brake.troubles(brake.brakes_on(conn), now):
        yield Trouble("brake", held.kind, str(held), "`pixmirror help nothing-lost` tells about the brake")


def _endpoints(conn: Connection) -> Iterator[Trouble]:
    for name, found in endpoints.refusals(conn).items():
        if found.believed:
            gone = f"{found.reason.rstrip('.')} since {said(found.since)}"
            says = f"{gone}: whatever needs it waits, and it is tried once a day"
            yield Trouble("endpoint", name, says, _NEWER, found.until)


def _told_of_endpoints(conn: Connection) -> set[str]:
    """Return the reasons that are told once, for the endpoint, and not again for what waits for it."""
    return {found.reason for found in endpoints.refusals(conn).values() if found.believed}


_LISTS = """
SELECT endpoint, params, failures, error, due_at FROM feed WHERE failures >= :tries AND due_at IS NOT NULL
UNION ALL SELECT f.endpoint, f.params, g.failures, g.error, g.due_at
FROM gap g JOIN feed f ON f.id = g.feed_id WHERE g.failures >= :tries LIMIT :most"""
_NAMES = {
    "user/illusts": "the list of works of", "user/novels": "the list of novels of",
    "user/following": "the list of artists you follow", "user/bookmarks/illust": "the list of your bookmarks",
    "user/bookmarks/novel": "the list of your novel bookmarks", "illust/follow": "the feed of new works",
    "novel/follow": "the feed of new novels",
}  # fmt: skip


def list_name(conn: Connection, endpoint: str, params: str) -> str:
    """Name a list in words: whose it is, or which of the account's own."""
    given = json.loads(params)
    name = _NAMES.get(endpoint, f"the list {endpoint}")
    if user_id := given.pop("user_id", None):
        artist = value(conn, "SELECT name FROM user WHERE id = :id", id=user_id)
        return f"{name} {artist or 'an artist'} (user:{user_id})"
    more = ", ".join(str(value) for value in given.values())
    return f"{name} ({more})" if more else name


def _lists(conn: Connection, now: int) -> Iterator[Trouble]:
    apart = _told_of_endpoints(conn)
    failed = [r for r in rows(conn, _LISTS, tries=TRIES, most=SAMPLE) if r.error not in apart]
    for first, *others in _alike(failed, lambda r: _reason(r.error)):
        one = list_name(conn, first.endpoint, first.params)
        more = f", and {len(others):,} more lists like it" if others else ""
        cause = "endpoint" if _ENDPOINT_GONE in (first.error or "") else "list"
        says = f"{_upper(one)} could not be read{more}: {first.error or 'no reason on record'}"
        yield Trouble(cause, one, says, _NEWER if cause == "endpoint" else "", _next((first, *others), now))


_QUESTIONS = f"""
SELECT kind, key, error, due_at FROM chore
WHERE error IS NOT NULL AND (attempts >= :tries OR kind = '{Kind.RANKING}') LIMIT :most"""
_ASKED: dict[str, str] = {
    Kind.DETAIL: "the details of", Kind.TEXT: "the text of", Kind.UGOIRA: "the frames of",
    Kind.COMMENTS: "the comments of", Kind.REPLIES: "the replies to", Kind.PROFILE: "the profile of",
    Kind.BOOKMARK: "your bookmark of", Kind.FOLLOW: "whether you follow", Kind.WEB: "what the website shows of",
    Kind.COVERAGE: "the website's list of", Kind.BOOKMARK_TAGS: "your bookmark tags",
    Kind.INBOX: "whether Pixiv's office has written", Kind.READING: "how a tag is read",
    Kind.RANKING: "rankings of earlier days",
}  # fmt: skip


def _questions(conn: Connection, now: int) -> Iterator[Trouble]:
    apart = _told_of_endpoints(conn)
    failed = [r for r in rows(conn, _QUESTIONS, tries=TRIES, most=SAMPLE) if r.error not in apart]
    for first, *others in _alike(failed, lambda r: (r.kind, _reason(r.error))):
        one = about(first.kind, first.key)
        more = f", and of {len(others):,} more" if others else ""
        cause = "endpoint" if _ENDPOINT_GONE in first.error else "question"
        says = f"{_upper(one)} could not be fetched{more}: {first.error}"
        yield Trouble(cause, one, says, _NEWER if cause == "endpoint" else "", _next((first, *others), now))


def about(kind: str, key: int) -> str:
    """Name what a chore asks for: "the details of 123"."""
    ref = "" if kind in (*Kind.about("account"), *Kind.about("tag")) else f" {question_ref(kind, key)}"
    return f"{_ASKED.get(kind, kind)}{ref}"


def question_ref(kind: str, key: int) -> str:
    """Name what a chore is about."""
    if kind in Kind.about("user"):
        return str(Ref("user", key))
    if kind in Kind.about("tag"):
        return f"tag {key}"
    return f"comment {key >> 1}" if kind == Kind.REPLIES else str(Ref.of_work(key))


_IS = {"waiting": "is ", "failed": "", "damaged": "is "}
_ASKED_ABOUT = "SELECT due_at FROM chore WHERE kind = :kind AND key = :key"
_FILES = {
    "waiting": "state = 'waiting' AND error IS NOT NULL AND (attempts >= 2 OR due_at > :soon)",
    "failed": "state = 'failed' AND state IN ('gone', 'failed', 'damaged')",
    "damaged": "state = 'damaged' AND state IN ('gone', 'failed', 'damaged')",
}


def _files(conn: Connection, now: int) -> Iterator[Trouble]:
    for state, where in _FILES.items():
        sql = f"SELECT owner_id, role, idx, url, error, due_at FROM media WHERE {where} LIMIT {SAMPLE}"
        found = rows(conn, sql, **({"soon": now + SOON_MS} if ":soon" in sql else {}))
        for first, *others in _alike(found, lambda r: _AMOUNT.sub("#", _ADDRESS.sub("", r.error or ""))):
            number = first.idx + 1 if first.role == "page" else first.idx
            one = f"{first.role} {number} of {Ref.of_work(first.owner_id)}"
            more = f", and {len(others):,} more files like it" if others else ""
            why = first.error or "no reason on record"
            says = f"{_upper(one)} {_IS[state]}{FILES[state].says}{more}: {why}"
            if state == "damaged":
                do = "It is asked for again now and then; at once: `pixmirror retry --damaged`"
                yield Trouble("damaged", one, says, do, _next((first, *others), now), explained=True)
            elif state == "failed":
                asked = value(conn, _ASKED_ABOUT, kind=ASKED_BY.get(first.role), key=first.owner_id)
                cure = of_failed(why, first.url).cure
                cure = cure.replace("retry REF", "retry --failed") if others else cure
                cure = _upper(cure.replace(REF, str(Ref.of_work(first.owner_id))))
                yield Trouble("file", one, says, cure, None if first.url else asked)
            else:
                yield Trouble("file", one, says, "", _next((first, *others), now))


_DAMAGE = {
    "file": ("stored files", "cannot be read", "Look at the disk, then run `pixmirror verify`"),
    "disk": (
        "the media folder",
        "lacks many files, or they are bad",
        "Mount the disk, then run `pixmirror verify`",
    ),
    "catalogue": ("the catalogue", "is damaged", "`pixmirror help verify` tells what to do"),
}


def _damaged(conn: Connection) -> Iterator[Trouble]:
    """Yield what the scrub or verify found; a lost file is told with its work, and a stray is no trouble."""
    for subject, one in findings.firsts(conn).items():
        if subject != "stray":
            thing, what, do = _DAMAGE.get(subject, _DAMAGE["catalogue"])
            more = f", and {one.more:,} more" if one.more else ""
            says = f"{_upper(thing)} {what}: {one.name} ({one.detail}){more}"
            yield Trouble("rot", thing, says, do, since=one.found_at)


def _unread(conn: Connection) -> Iterator[Trouble]:
    sql = "SELECT endpoint, reason, count(*) AS n FROM broken GROUP BY endpoint, reason ORDER BY n DESC LIMIT 5"
    do = "`pixmirror check --record DIR` writes down what to report; a later version reads them"
    for endpoint, reason, n in rows(conn, sql):
        items = many(n, "item")
        says = f"{items} of Pixiv's answers ({endpoint}) could not be read, and are kept raw: {reason}"
        yield Trouble("unread", endpoint, says, do)


def _ending_early(conn: Connection) -> Iterator[Trouble]:
    cut = """
    SELECT endpoint, params, json_extract(marks, '$.cut.why') AS why,
      json_extract(marks, '$.tried.at') IS NULL AS capped FROM feed WHERE why IS NOT NULL LIMIT :most"""
    again = "It is read again now and then, and proves nothing gone until it is whole"
    for first, *others in _alike(rows(conn, cut, most=SAMPLE), lambda r: r.capped):
        one = list_name(conn, first.endpoint, first.params)
        more = f" ({len(others):,} more lists like it)" if others else ""
        says = f"{_upper(one)} ends early{more}: {first.why}"
        yield Trouble("capped", one, says, explained=True) if first.capped else Trouble("list", one, says, again)


def _alike(found: Iterable[Any], of: Callable[[Any], Hashable]) -> Iterable[list[Any]]:
    """Group what is told in one sentence."""
    groups: dict[Hashable, list[Any]] = {}
    for one in found:
        groups.setdefault(of(one), []).append(one)
    return groups.values()


def _reason(error: str | None) -> str:
    """Return an error without the ids in it."""
    return _ID.sub("#", error or "")


def _next(found: Sequence[Any], now: int) -> int | None:
    times = [row.due_at for row in found if row.due_at is not None and row.due_at > now]
    return min(times, default=None)


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
