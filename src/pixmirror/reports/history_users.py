"""A user as each answer that is kept left them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import LEGACY, unpack
from pixmirror.catalogue.sql import KEYS, listed, rows
from pixmirror.ingest.people import fold_person
from pixmirror.models import User, read
from pixmirror.reports.history_works import Step, dumped_at, payloads_of

_ROWS = f"SELECT id, name, account, avatar_url, first_seen FROM user WHERE id {KEYS}"
_PARTS = {"profile": "", "workspace": "workspace_", "profile_publicity": "publicity_"}


def user_steps(conn: Connection, user_id: int) -> Iterator[Step]:
    """Yield one step for each kept answer, in the order in which they came."""
    return steps_of_users(conn, (user_id,))[user_id]


def steps_of_users(conn: Connection, ids: Collection[int]) -> dict[int, Iterator[Step]]:
    """Return the same of each of these users."""
    answers, people = payloads_of(conn, "user", ids), {r.id: r for r in rows(conn, _ROWS, keys=listed(ids))}
    return {one: _steps(answers.get(one, ()), people.get(one)) for one in ids}


def _steps(answers: Sequence[Any], person: Any) -> Iterator[Step]:
    facts: dict[str, Any] = {}
    now = 0
    began = min((answer.seen_at for answer in answers if answer.endpoint != LEGACY), default=None)
    for answer in answers:
        is_dump = answer.endpoint == LEGACY
        now = dumped_at(answer.seen_at, began) if is_dump else max(now, answer.seen_at)
        try:
            facts = _join(facts, unpack(answer.codec, answer.body, answer.base_body))
        except (ValueError, AttributeError, RecursionError):
            continue  # of a shape that is no longer read, or garbled
        yield Step(now, answer.endpoint, facts)
    # Of a user without an answer of their own the row alone tells.
    if not now and person is not None and (person.name or person.account):
        facts = {"name": person.name, "account": person.account, "avatar_url": person.avatar_url}
        yield Step(person.first_seen, "list", facts)


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
