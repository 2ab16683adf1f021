"""A user as each answer that is kept left them."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import LEGACY, unpack
from pixmirror.catalogue.sql import row, rows
from pixmirror.ingest.merging import oldest_first
from pixmirror.ingest.people import fold_person
from pixmirror.models import User, read
from pixmirror.reports.history_works import PAYLOADS, Step, dumped_at

_PARTS = {"profile": "", "workspace": "workspace_", "profile_publicity": "publicity_"}


def user_steps(conn: Connection, user_id: int) -> Iterator[Step]:
    """Yield one step for each kept answer, in the order in which they came."""
    facts: dict[str, Any] = {}
    now = 0
    found = oldest_first(rows(conn, PAYLOADS, kind="user", owner=user_id))
    began = min((answer.seen_at for answer in found if answer.endpoint != LEGACY), default=None)
    for answer in found:
        is_dump = answer.endpoint == LEGACY
        now = dumped_at(answer.seen_at, began) if is_dump else max(now, answer.seen_at)
        try:
            facts = _join(facts, unpack(answer.codec, answer.body, answer.base_body))
        except (ValueError, AttributeError, RecursionError):
            continue  # of a shape that is no longer read, or garbled
        yield Step(now, answer.endpoint, facts)
    if not now:
        yield from _row_only(conn, user_id)


def _row_only(conn: Connection, user_id: int) -> Iterator[Step]:
    """Yield one step for a user without an answer of their own."""
    found = row(conn, "SELECT name, account, avatar_url, first_seen FROM user WHERE id = :id", id=user_id)
    if found is not None and (found.name or found.account):
        facts = {"name": found.name, "account": found.account, "avatar_url": found.avatar_url}
        yield Step(found.first_seen, "list", facts)


def _join(facts: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    whole = isinstance(raw.get("user"), dict)
    person = read(User, raw["user"] if whole else raw)[0]
    identity = fold_person(facts, person)
    if not whole:
        return {**facts, **identity}
    return {**identity, "background_url": None, "comment": person.comment or "", **_profile(raw)}


def _profile(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return every field of a profile but counters, also unknown ones."""
    found: dict[str, Any] = {}
    for part, prefix in _PARTS.items():
        values = raw.get(part)
        for name, value in values.items() if isinstance(values, dict) else ():
            if name.startswith("total_") or isinstance(value, dict | list):
                continue
            name = "background_url" if name == "background_image_url" else name
            found[f"{prefix}{name}"] = None if value == "" else value
    return found
