"""What else `why` tells of one work or user: versions, states, doubts, tombstones, and the lists that hold it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.feeds import NEVER
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import made, row, value
from pixmirror.catalogue.words import said
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ledger.brake import brakes_on
from pixmirror.models import State
from pixmirror.reports import history, provenance, states

_OF_ONE = "owner_kind = :kind AND owner_id = :owner"
_STATES = f"SELECT state, evidence, at FROM state_change WHERE {_OF_ONE} ORDER BY id DESC LIMIT 50"
_DOUBT = f"SELECT state, evidence, since, at FROM doubt WHERE {_OF_ONE}"
_LAST_SEEN = f"SELECT state, evidence, first_at FROM sighting WHERE {_OF_ONE} ORDER BY id DESC LIMIT 1"
_GRAVES = """
SELECT owner_kind, iif(idx >= 0, idx, NULL), at, purge_at FROM tombstone
WHERE owner_kind = 'user' AND owner_id = :user OR owner_kind IN ('work', 'page') AND owner_id = :key ORDER BY at"""
_WEB = """
SELECT w.user_id, coalesce(u.name, ''), w.first_seen, w.last_seen
FROM web_listed w LEFT JOIN user u ON u.id = w.user_id WHERE w.work_key = :key ORDER BY w.last_seen DESC"""
_LISTS = f"""
SELECT f.endpoint, f.head_at, f.full_at, f.refresh_at, iif(f.due_at >= {NEVER}, NULL, f.due_at),
  count(g.id), f.error
FROM feed f LEFT JOIN gap g ON g.feed_id = f.id
WHERE f.endpoint IN ('user/illusts', 'user/novels') AND json_extract(f.params, '$.user_id') = :user
GROUP BY f.id ORDER BY f.endpoint"""
_FOLLOWED = """
SELECT restrict FROM follow
WHERE account_id IN (SELECT id FROM account) AND user_id = :user AND state = 'live'"""
_BOOKMARK = "SELECT state FROM bookmark WHERE account_id IN (SELECT id FROM account) AND work_key = :key"
_DRIFT = """
SELECT kind, event, before, after, at FROM drift WHERE kind = :kind AND item = :item ORDER BY id DESC LIMIT 50"""
_EVENTS = {
    "added": "came",
    "removed": "went",
    "returned": "came back",
    "restrict": "moved between public and private",
    "tags": "got other tags",
    "renewed": "was made anew",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A state that was believed from then on."""

    state: str
    evidence: str
    since: int


@dataclass(frozen=True, slots=True)
class Doubted:
    """Bad news not believed yet. `confirmed_at`: None after one sighting; `believed_at`: the earliest time."""

    state: str
    evidence: str
    first_at: int
    confirmed_at: int | None
    believed_at: int | None
    brake: str | None


@dataclass(frozen=True, slots=True)
class Grave:
    """That you forgot it: the work, a page of it, or its user. Files can be brought back until `purge_at`."""

    what: str
    page: int | None
    forgotten_at: int
    purge_at: int | None


@dataclass(frozen=True, slots=True)
class WebListed:
    """That the website names it among the works of this user."""

    user_id: int
    name: str
    first_seen: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class ArtistList:
    """A list of the artist's works: when its head and all of it were last read; `gaps`: parts left to read."""

    name: str
    head_at: int | None
    full_at: int | None
    refresh_at: int | None
    due_at: int | None
    gaps: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Artist:
    """The artist whose work it is, or may be."""

    user_id: int
    name: str
    state: str
    followed: str | None  # restrict
    lists: tuple[ArtistList, ...]


@dataclass(frozen=True, slots=True)
class Drifted:
    """How its bookmark, or our following, changed."""

    kind: str
    event: str
    before: str | None
    after: str | None
    seen_at: int


@dataclass(frozen=True, slots=True)
class Facts:
    """`versions` and `changed_at`: how often it changed, and when last."""

    versions: int
    changed_at: int | None
    states: tuple[Moved, ...]
    doubt: Doubted | None
    forgotten: tuple[Grave, ...]
    web: tuple[WebListed, ...]
    artist: Artist | None
    drift: tuple[Drifted, ...]
    bookmark: str | None  # state, for a work
    dumped_at: int | None  # of the oldest dump of the dead APIs that tells of it
    provenance: str | None  # of a work: who told what is known of it, pixiv or legacy (only a dump)


def facts(conn: Connection, ref: Ref, *, known: bool) -> Facts:
    """Return the facts about any id, also one never seen (`known` is false: there is no row)."""
    key = ref.work_key
    kind, owner = ("user", ref.id) if key is None else ("work", key)
    web = made(conn, WebListed, _WEB, key=key)
    artist: int | None = value(conn, "SELECT user_id FROM work WHERE work_key = :key", key=key)
    user_id = ref.id if key is None else artist or (web[0].user_id if web else None)
    versions, changed_at = history.summary(conn, ref)
    return Facts(
        versions=versions,
        changed_at=changed_at if versions > 1 else None,
        states=made(conn, Moved, _STATES, kind=kind, owner=owner),
        doubt=doubt_of(conn, kind, owner),
        forgotten=made(conn, Grave, _GRAVES, user=user_id, key=key),
        web=web,
        artist=_artist(conn, user_id) if user_id is not None else None,
        drift=made(conn, Drifted, _DRIFT, kind="follow" if key is None else "bookmark", item=owner),
        bookmark=value(conn, _BOOKMARK, key=key),
        dumped_at=provenance.dumped_at(conn, kind, owner),
        provenance=provenance.of_work(conn, key) if key is not None and known else None,
    )


def doubt_of(conn: Connection, kind: str, owner: int) -> Doubted | None:
    """Return what speaks against a work or user, and is not believed yet; None if nothing does."""
    found = row(conn, _DOUBT, kind=kind, owner=owner)
    if found is not None:
        brake = next((str(b) for b in brakes_on(conn) if b.kind == kind), None)
        soon = None if brake else found.at + HOUR_MS
        return Doubted(found.state, found.evidence, found.since, found.at, soon, brake)
    of_kind = "user WHERE id" if kind == "user" else "work WHERE work_key"
    state = value(conn, f"SELECT state FROM {of_kind} = :owner", owner=owner)
    last = row(conn, _LAST_SEEN, kind=kind, owner=owner)
    if state != "live" or last is None or last.state == "live":
        return None
    believed_at = None if last.state == "unknown" else last.first_at + DAY_MS
    return Doubted(last.state, last.evidence, last.first_at, None, believed_at, None)


def _artist(conn: Connection, user_id: int) -> Artist | None:
    found = row(conn, "SELECT name, state FROM user WHERE id = :user", user=user_id)
    lists = made(conn, ArtistList, _LISTS, user=user_id)
    if found is None and not lists:
        return None
    name, state = found or ("", "unknown")
    return Artist(user_id, name, state, value(conn, _FOLLOWED, user=user_id), lists)


# --- in sentences


def sentence(text: str | None) -> str:
    """Return the text with exactly one full stop at its end."""
    return f"{(text or '').rstrip('.')}."


def sentences(ref: Ref, found: Facts, now: int, *, known: bool) -> Iterator[str]:
    """Say the facts in words, the most important first."""
    yield from _of_tombstones(ref, found)
    yield from _of_doubt(found)
    if found.states and known:
        moves = "; ".join(f"{m.state} since {said(m.since)} ({m.evidence})" for m in found.states[:3])
        more = f" and {len(found.states) - 3} moves before" if len(found.states) > 3 else ""
        yield f"Its state moved: {moves}{more}."
    if found.versions > 1 and found.changed_at is not None:
        yield (
            f"{found.versions:,} versions are kept, the last change was seen at {said(found.changed_at)}: "
            f"`pixmirror show {ref} --history`."
        )
    yield from _of_drift(found)
    if not known:
        for listed in found.web:
            yield (
                f"The web lists it for {listed.name or 'the artist'} (user:{listed.user_id}), last at "
                f"{said(listed.last_seen)}; the App does not."
            )
    if ref.kind != "user" and found.artist is not None:
        yield from _of_artist(found.artist, now, known=known)


def is_forgotten(found: Facts) -> bool:
    """True if it is forgotten as a whole, not only a page of it."""
    return any(grave.what != "page" for grave in found.forgotten)


def _of_tombstones(ref: Ref, found: Facts) -> Iterator[str]:
    for grave in found.forgotten:
        what = {"work": "it", "page": f"page {grave.page} of it"}.get(
            grave.what, "this user" if ref.kind == "user" else "its artist"
        )
        back = (
            f"files can be brought back until {said(grave.purge_at)} (`pixmirror unforget`)"
            if grave.purge_at is not None
            else "no file of it is left; `pixmirror unforget` lets it be fetched again"
        )
        yield f"You forgot {what} at {said(grave.forgotten_at)}; {back}."


def _of_doubt(found: Facts) -> Iterator[str]:
    d = found.doubt
    if d is None:
        return
    if d.confirmed_at is None:
        after = "that proves nothing"
        if d.believed_at is not None:
            after = f"it is believed only if that happens again after {said(d.believed_at)}"
        yield f"Denied once at {said(d.first_at)} ({d.state}: {d.evidence}); {after}."
        return
    yield f"In doubt: {d.state} since {said(d.first_at)}, again at {said(d.confirmed_at)} ({d.evidence})."
    if d.brake:
        yield f"The brake holds it: {d.brake}"
    elif d.believed_at is not None:
        yield f"It is believed after {said(d.believed_at)}, unless it is seen again or too many are in doubt."


def _of_drift(found: Facts) -> Iterator[str]:
    if not found.drift:
        return
    what = "Your bookmark" if found.drift[0].kind == "bookmark" else "Your following"
    events = [f"{_EVENTS.get(d.event, d.event)}{_change(d)} at {said(d.seen_at)}" for d in found.drift[:3]]
    yield f"{what}: {'; '.join(events)}."


def _change(d: Drifted) -> str:
    if d.event == "tags":
        return f" ({', '.join(_names(d.after)) or 'none'})"
    if d.before and d.after:
        return f" ({d.before} to {d.after})"
    return f" ({d.after or d.before})" if d.after or d.before else ""


def _names(text: str | None) -> list[str]:
    try:
        found: Any = json.loads(text or "[]")
    except ValueError:
        return [text or ""]
    return [str(name) for name in found] if isinstance(found, list) else [str(found)]


def _of_artist(artist: Artist, now: int, *, known: bool) -> Iterator[str]:
    who = f"{artist.name or 'The artist'} (user:{artist.user_id})"
    if artist.state in State.LEFT:
        yield f"Its artist {who} {states.of_user(artist.state)}: their lists are no longer read."
        return
    followed = f"followed ({artist.followed})" if artist.followed else "not followed"
    whole = [li.full_at for li in artist.lists if li.full_at is not None]
    read = f"their list was last read whole at {said(min(whole))}" if whole else "their list was never read whole"
    yield f"Its artist {who} is {followed}; {read}."
    gaps = sum(li.gaps for li in artist.lists)
    if gaps and not known:
        left = "1 part of that list is" if gaps == 1 else f"{gaps:,} parts of that list are"
        yield f"{left} still to be read; it may be there."
    again = min((li.refresh_at for li in artist.lists if li.refresh_at is not None), default=None)
    if again is not None:
        yield f"Their list is read again {'now' if again <= now else f'at {said(again)}'}, to see what changed."
