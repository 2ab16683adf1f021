"""Rebuild users from payloads of their own, or where none was kept, from those of their works."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, insert

from pixmirror.catalogue.payloads import LEGACY, unpack
from pixmirror.catalogue.schema import user
from pixmirror.catalogue.seen import DETAIL
from pixmirror.catalogue.sql import IDS, Many, changed, listed, next_seq, rows
from pixmirror.ingest.merging import oldest_first
from pixmirror.ingest.people import fold_person
from pixmirror.models import State, User, UserDetail, read
from pixmirror.rebuild.findings import Findings, Ledger, ledger, payloads_of
from pixmirror.rebuild.names import Names

_NAMED = """
SELECT owner_id FROM payload WHERE owner_kind = 'user' AND endpoint = 'list'
UNION SELECT owner_id FROM tombstone WHERE owner_kind = 'user'"""
_NEW = Many(insert(user))
_DERIVED = (
    "name", "account", "avatar_url", "comment", "background_url", "state", "state_at", "evidence", "first_seen",
)  # fmt: skip
_TOTALS = ("total_illusts", "total_manga", "total_novels")
_CHANGED = Many(f"UPDATE user SET {', '.join(f'{name} = :{name}' for name in _DERIVED)} WHERE id = :id")


def named(conn: Connection) -> frozenset[int]:
    """Return the users whose names are kept in payloads, or of whom nothing is to be kept."""
    return frozenset(r.owner_id for r in rows(conn, _NAMED))


def rebuild_users(conn: Connection, findings: Findings, names: Names, ids: Sequence[int]) -> None:
    """Compare one chunk of users, and with `findings.write` put it right."""
    olds = {r.id: r for r in rows(conn, f"SELECT * FROM user WHERE id {IDS}", ids=listed(ids))}
    told = ledger(conn, "user", ids)
    new: list[dict[str, Any]] = []
    other: list[dict[str, Any]] = []
    renamed: list[int] = []
    for user_id, payloads in payloads_of(conn, "user", ids).items():
        findings.users += 1
        old = olds.get(user_id)
        found = _replay(findings, user_id, payloads, names, old)
        if found is None:
            continue
        expected, extra = found
        is_dumped = all(p.endpoint == LEGACY for p in payloads) and (old is None or old.evidence is not None)
        expected |= _state(user_id, old, told, expected["first_seen"], is_dumped=bool(payloads) and is_dumped)
        if old is not None:
            expected["first_seen"] = min(expected["first_seen"], old.first_seen)
        if findings.row("user", user_id, old, expected):
            if old is None:
                new.append(expected | extra | {"id": user_id})
            else:
                other.append(expected | {"id": user_id})
            renamed.append(user_id)
    if findings.write and renamed:
        _NEW(conn, new)
        _CHANGED(conn, other)
        # Sidecars and search name the artist of a work.
        moved = f"UPDATE work SET change_seq = :seq WHERE user_id {IDS}"
        changed(conn, moved, seq=next_seq(conn), ids=listed(renamed))


def _replay(
    findings: Findings, user_id: int, payloads: Sequence[Any], names: Names, old: Any
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return what payloads say of a user, and what else a new row gets; None if nothing does."""
    row: dict[str, Any] = {"name": "", "account": "", "avatar_url": None, "comment": None, "background_url": None}
    extra: dict[str, Any] = dict.fromkeys((*_TOTALS, "total_bookmarks_public", "profile_at"))
    is_listed = any(p.endpoint == "list" for p in payloads)
    seen_at: list[int] = []
    dumped_at: list[int] = []
    for p in oldest_first(payloads):
        findings.payloads += 1
        try:
            raw = unpack(p.codec, p.body, p.base_body)
            if p.endpoint == LEGACY:
                person = read(User, raw)[0]
                row |= fold_person(row, person)
                row["comment"] = person.comment or row["comment"]
                dumped_at.append(p.seen_at)
                continue
            if p.endpoint == "list":
                row |= fold_person(row, read(User, raw)[0])
            elif p.endpoint == DETAIL:
                detail = read(UserDetail, raw)[0]
                if not is_listed:
                    row |= fold_person(row, detail.user)
                _profile(row, extra, detail, p.seen_at)
            else:
                continue
        except (ValidationError, ValueError, TypeError, AttributeError, RecursionError):
            findings.unreadable += 1
            continue
        seen_at.append(p.seen_at)
    if not is_listed:
        # From before names were kept: a row that is there knows best.
        if old is not None and (old.evidence is None or not dumped_at):
            row |= {name: getattr(old, name) or row[name] for name in ("name", "account", "avatar_url")}
            seen_at.append(old.first_seen)
        elif user_id in names.people:
            _, person, since = names.people[user_id]
            row |= fold_person(row, person)
            seen_at.append(since)
    seen_at = seen_at or dumped_at[:1]
    if not seen_at:
        return None
    return row | {"first_seen": min(seen_at)}, extra | {"last_seen": max(seen_at)}


def _profile(row: dict[str, Any], extra: dict[str, Any], detail: UserDetail, at: int) -> None:
    row["comment"] = detail.user.comment or ""
    row["background_url"] = detail.profile.background_image_url
    extra["profile_at"] = at
    extra["total_bookmarks_public"] = detail.profile.total_illust_bookmarks_public
    for name in _TOTALS:
        extra[name] = getattr(detail.profile, name)


def _state(user_id: int, old: Any, told: Ledger, first_seen: int, *, is_dumped: bool) -> Mapping[str, Any]:
    """Return the columns of the state. A user without a move on record is live, because lists leave no sighting.

    `is_dumped`: dumps alone tell of them, which is no news of their state.
    """
    change = told.changes.get(user_id)
    if change is not None:
        return {"state": change.state, "state_at": change.at, "evidence": change.evidence}
    if is_dumped:
        return {"state": State.UNKNOWN.value, "state_at": first_seen, "evidence": LEGACY}
    if old is not None and old.first_seen < first_seen and told.is_sighted(user_id, old.state):
        # From before moves were on record, and payloads of users kept.
        return {"state": old.state, "state_at": old.state_at, "evidence": old.evidence}
    old_at = old.state_at if old is not None and old.first_seen < first_seen else first_seen
    return {"state": "live", "state_at": old_at, "evidence": None}
