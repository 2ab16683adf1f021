"""Users: from lists, from works, and whole profiles."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import chores
from pixmirror.catalogue.ingest_payloads import keep
from pixmirror.catalogue.ingest_states import may_flip, see_one
from pixmirror.catalogue.schema import user, work
from pixmirror.catalogue.seen import Seen, among, listed, next_seq
from pixmirror.catalogue.statements import Many
from pixmirror.models import Lane, Received, State, User, UserDetail

NO_PROFILE = "/common/images/no_profile"

_KNOWN = select(user.c.id, user.c.name, user.c.account, user.c.avatar_url, user.c.state).where(
    among(user.c.id, "ids")
)
_insert = insert(user)
_UPSERT = Many(
    _insert.on_conflict_do_update(
        index_elements=["id"],
        set_={
            name: getattr(_insert.excluded, name)
            for name in ("name", "account", "avatar_url", "state", "state_at", "last_seen")
        },
    )
)
_TOUCH = Many(update(user).where(user.c.id == bindparam("b_id")).values(last_seen=bindparam("now")))
_RENAMED = update(work).where(work.c.user_id == bindparam("b_id")).values(change_seq=bindparam("seq"))
_STATE = (
    update(user)
    .where(user.c.id == bindparam("b_id"))
    .values(state=bindparam("b_state"), state_at=bindparam("now"))
)
_PROFILE = (
    update(user)
    .where(user.c.id == bindparam("b_id"))
    .values(
        comment=bindparam("b_comment"), background_url=bindparam("b_background"), profile_at=bindparam("now"),
        total_illusts=bindparam("illusts"), total_manga=bindparam("manga"), total_novels=bindparam("novels"),
    )
)  # fmt: skip
_STATE_OF = select(user.c.state).where(user.c.id == bindparam("b_id"))


def _avatar(person: User) -> str | None:
    url = person.profile_image_urls.medium if person.profile_image_urls else None
    return None if url is None or NO_PROFILE in url else url


def record_users(conn: Connection, seen: Seen, users: Iterable[User]) -> tuple[int, ...]:
    """Name, account and avatar of each; the ids that are new. An empty name (a stub's) replaces nothing."""
    people = {u.id: u for u in users if u.id and (u.name or u.account)}
    if not people:
        return ()
    known = {r.id: r for r in conn.execute(_KNOWN, {"ids": listed(people)})}
    rows: list[dict[str, Any]] = []
    touched: list[dict[str, Any]] = []
    renamed: list[int] = []
    for person in people.values():
        old = known.get(person.id)
        new = (person.name or (old.name if old else ""), person.account or (old.account if old else ""))
        avatar = _avatar(person)
        if old is not None and new == (old.name, old.account) and avatar == old.avatar_url and old.state == "live":
            touched.append({"b_id": person.id, "now": seen.now})
            continue
        rows.append(
            {
                "id": person.id, "name": new[0], "account": new[1], "avatar_url": avatar, "state": "live",
                "state_at": seen.now, "first_seen": seen.now, "last_seen": seen.now,
            }
        )  # fmt: skip
        if old is not None and new != (old.name, old.account):
            renamed.append(person.id)
        if old is not None and old.state != "live":
            see_one(conn, seen, "user", person.id, State.LIVE, seen.endpoint)
    if touched:
        _TOUCH(conn, touched)
    if rows:
        _UPSERT(conn, rows)
    if renamed:
        seq = next_seq(conn)
        conn.execute(_RENAMED, [{"b_id": i, "seq": seq} for i in renamed])
    return tuple(i for i in people if i not in known)


def record_profile(conn: Connection, seen: Seen, received: Received[UserDetail]) -> bool:
    """The whole profile; True if it is new or differs from the one before."""
    detail = received.item
    record_users(conn, seen, (detail.user,))
    see_one(conn, seen, "user", detail.user.id, State.LIVE, "user detail")
    conn.execute(
        _PROFILE,
        {
            "b_id": detail.user.id,
            "b_comment": detail.user.comment or "",
            "b_background": detail.profile.background_image_url,
            "now": seen.now,
            "illusts": detail.profile.total_illusts,
            "manga": detail.profile.total_manga,
            "novels": detail.profile.total_novels,
        },
    )
    return keep(conn, "user", detail.user.id, "detail", received.raw, seen.now)


def want_profiles(conn: Connection, user_ids: Iterable[int], now: int) -> None:
    """Has these users' profiles read once, in their lane; those already read are left alone."""
    ids = list(user_ids)
    stmt = select(user.c.id).where(among(user.c.id, "ids"), user.c.profile_at.is_(None))
    found = conn.execute(stmt, {"ids": listed(ids)}).scalars().all() if ids else ()
    chores.add_all(conn, (("profile", i, Lane.EXTRA, now) for i in found))


def record_user_state(conn: Connection, seen: Seen, user_id: int, state: State, evidence: str) -> bool:
    """What an answer says of a user; True if the user's state moved (law 6: bad news needs two sightings)."""
    old = conn.execute(_STATE_OF, {"b_id": user_id}).scalar()
    since = see_one(conn, seen, "user", user_id, state, evidence)
    if old is None or old == state or not may_flip(State(old), state, since, seen.now):
        return False
    conn.execute(_STATE, {"b_id": user_id, "b_state": state.value, "now": seen.now})
    return True
