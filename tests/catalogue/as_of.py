"""The own lists as they were at a moment, told from what is on record of their changes."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from pixmirror.catalogue.schema import bookmark, bookmark_work_tag, drift, follow


def as_of(
    conn: Connection, account_id: int, kind: Literal["bookmark", "follow"], at: int
) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Return the list as it was known at a moment: restrict and own tags of each work or user in it.

    What happened since is taken back, newest first. What a later reading told for the first time, like the first
    tags of a bookmark, counts as if it had been so.
    """
    table = bookmark if kind == "bookmark" else follow
    item = bookmark.c.work_key if kind == "bookmark" else follow.c.user_id
    found = conn.execute(
        select(item.label("item"), table.c.restrict, table.c.state).where(
            table.c.account_id == account_id, table.c.first_seen <= at
        )
    )
    state: dict[int, dict[str, Any]] = {
        r.item: {"restrict": r.restrict, "there": r.state == "live", "tags": ()} for r in found
    }
    if kind == "bookmark":
        for key, names in _all_tags(conn, account_id).items():
            if key in state:
                state[key]["tags"] = names
    d = drift.c
    later = select(drift).where(d.account_id == account_id, d.kind == kind, d.at > at).order_by(d.id.desc())
    for row in conn.execute(later):
        if row.item in state:
            _take_back(state[row.item], row)
    return {key: (one["restrict"], one["tags"]) for key, one in state.items() if one["there"]}


def _all_tags(conn: Connection, account_id: int) -> Mapping[int, tuple[str, ...]]:
    t = bookmark_work_tag.c
    found: dict[int, list[str]] = {}
    for key, name in conn.execute(select(t.work_key, t.name).where(t.account_id == account_id)):
        found.setdefault(key, []).append(name)
    return {key: tuple(sorted(names)) for key, names in found.items()}


def _take_back(one: dict[str, Any], row: Row[Any]) -> None:
    if row.event == "tags":
        one["tags"] = tuple(json.loads(row.before or "[]"))
    elif row.event == "removed":
        one["there"] = True
    elif row.event == "returned":
        one["there"] = False
    if row.event in ("removed", "returned", "restrict") and row.before is not None:
        one["restrict"] = row.before
