"""Users: from lists, from works, and whole profiles."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.payloads import LEGACY, canonical, digest_text
from pixmirror.catalogue.schema import user
from pixmirror.catalogue.seen import DETAIL, Seen
from pixmirror.catalogue.sql import IDS, Many, changed, listed, next_seq, row, rows, upsert
from pixmirror.ingest.payloads import INSERT_PAYLOAD, keep_payload, payload_row
from pixmirror.ledger import doubts, leavers, moves
from pixmirror.ledger.doubts import Doubt
from pixmirror.ledger.moves import Move
from pixmirror.ledger.sightings import add_doubts, ended, see_one, stretch, verdict
from pixmirror.models import Received, State, User, UserDetail

NO_PROFILE = "/common/images/no_profile"

_KNOWN = f"""
SELECT id, name, account, avatar_url, state, evidence, EXISTS
  (SELECT 1 FROM doubt d WHERE d.owner_kind = 'user' AND d.owner_id = user.id) AS doubted
FROM user WHERE id {IDS}"""
_UPSERT = Many(upsert(user, "name", "account", "avatar_url", "last_seen"))
_TOUCH = Many("UPDATE user SET last_seen = :now WHERE id = :id")
# Who was known from dumps alone is live, and was never anything else.
_FIRST = Many("UPDATE user SET state = 'live', evidence = NULL, state_at = :now, first_seen = :now WHERE id = :id")
_RENAMED = f"UPDATE work SET change_seq = :seq WHERE user_id {IDS}"
_PROFILE = """
UPDATE user SET comment = :comment, background_url = :background, profile_at = :now, total_illusts = :illusts,
  total_manga = :manga, total_novels = :novels,
  total_bookmarks_public = coalesce(:bookmarks, total_bookmarks_public)
WHERE id = :id"""
_LISTED = ("id", "name", "account", "profile_image_urls")


def fold_person(known: Mapping[str, Any], person: User) -> dict[str, Any]:
    """Return name, account and avatar of a user after one more answer. What it leaves empty stays as known."""
    avatar = known.get("avatar_url")
    if person.profile_image_urls is not None:
        url = person.profile_image_urls.medium
        avatar = None if url is None or NO_PROFILE in url else url
    name, account = (getattr(person, n) or known.get(n, "") for n in ("name", "account"))
    return {"name": name, "account": account, "avatar_url": avatar}


def record_users(conn: Connection, seen: Seen, users: Iterable[User]) -> tuple[int, ...]:
    """Record name, account and avatar of each user. Return the new ids. An empty name (a stub's) replaces nothing.

    Who is listed is there: a doubt is over, and who was gone is back.
    """
    people = {u.id: u for u in users if u.id and (u.name or u.account)}
    for barred in tombstones.people(conn, people):
        del people[barred]
    if not people:
        return ()
    known = {r.id: r for r in rows(conn, _KNOWN, ids=listed(people))}
    dumped = {r.id for r in known.values() if r.evidence == LEGACY}
    told: list[dict[str, Any]] = []
    touched: list[dict[str, Any]] = []
    payloads: list[dict[str, Any]] = []
    renamed: list[int] = []
    for person in people.values():
        old = known.get(person.id)
        before: Any = {} if old is None else old._asdict()
        new = fold_person(before, person)
        if old is not None and person.id not in dumped and all(getattr(old, n) == v for n, v in new.items()):
            touched.append({"id": person.id, "now": seen.now})
            continue
        told.append(
            {
                "id": person.id, "state": "live", "state_at": seen.now, "first_seen": seen.now,
                "last_seen": seen.now, **new,
            }
        )  # fmt: skip
        text = canonical(person.model_dump(mode="json", include=set(_LISTED), exclude_none=True))
        payloads.append(payload_row("user", person.id, "list", text, digest_text(text), seen.now))
        if old is not None and (new["name"], new["account"]) != (old.name, old.account):
            renamed.append(person.id)
    _TOUCH(conn, touched)
    _UPSERT(conn, told)
    INSERT_PAYLOAD(conn, payloads)
    _FIRST(conn, [{"id": i, "now": seen.now} for i in dumped])
    back = [row.id for row in known.values() if row.state != "live" and row.id not in dumped]
    doubted = [row.id for row in known.values() if row.doubted and row.id not in dumped]
    if back or doubted:
        _are_there(conn, seen, back, doubted)
    if renamed:
        changed(conn, _RENAMED, ids=listed(renamed), seq=next_seq(conn))
    return tuple(i for i in people if i not in known or i in dumped)


def _are_there(conn: Connection, seen: Seen, back: Sequence[int], doubted: Sequence[int]) -> None:
    """Note that users are live, who were not or were in doubt."""
    for user_id in dict.fromkeys((*back, *doubted)):
        see_one(conn, seen, "user", user_id, State.LIVE, seen.endpoint)
    if doubted:
        doubts.drop(conn, "user", doubted)
    moves.move(conn, "user", [Move(i, "live", seen.endpoint, seen.account_id) for i in back], seen.now)
    for user_id in back:
        leavers.came_back(conn, seen.account_id, user_id, seen.now)


def record_profile(conn: Connection, seen: Seen, received: Received[UserDetail]) -> bool:
    """Record a whole profile. True if it is new or differs from the one before."""
    detail = received.item
    if tombstones.people(conn, (detail.user.id,)):
        return False
    record_users(conn, seen, (detail.user,))
    see_one(conn, seen, "user", detail.user.id, State.LIVE, "user detail")
    profile = detail.profile
    changed(
        conn, _PROFILE, id=detail.user.id, comment=detail.user.comment or "", now=seen.now,
        background=profile.background_image_url, illusts=profile.total_illusts, manga=profile.total_manga,
        novels=profile.total_novels, bookmarks=profile.total_illust_bookmarks_public,
    )  # fmt: skip
    return keep_payload(conn, "user", detail.user.id, DETAIL, received.raw, seen.now)


def record_user_state(conn: Connection, seen: Seen, user_id: int, state: State, evidence: str) -> bool:
    """Record what an answer says of a user. True if the state moved at once. A 404 about ourselves is ignored."""
    old = row(conn, "SELECT state, last_seen FROM user WHERE id = :id", id=user_id)
    last = stretch(conn, seen.account_id, "user", user_id)
    if old is not None and last is not None and last.state != "live" and old.last_seen > last.last_at:
        ended(conn, seen, "user", user_id, old.last_seen)  # lists have shown them since
    since = see_one(conn, seen, "user", user_id, state, evidence)
    if old is None or user_id == seen.account_id:
        return False
    found = verdict(State(old.state), state, since, seen.now)
    if found == "move" or (old.state == State.USER_GONE and state is State.USER_SUSPENDED):
        moves.move(conn, "user", [Move(user_id, state, evidence, seen.account_id)], seen.now)
        if state in State.LEFT:
            leavers.left(conn, seen.account_id, user_id, state, evidence, since, seen.now)
        return True
    if found == "doubt":
        add_doubts(conn, [Doubt("user", user_id, seen.account_id, state, evidence, since, seen.now)], seen.now)
    return False
