"""`gone`: what survives only here, and what vanished from the account's lists."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.words import plain
from pixmirror.cli import formats
from pixmirror.cli.common import Json, Session, note, print_json, say, session
from pixmirror.errors import ConfigError
from pixmirror.ledger.brake import Brake, brakes_on
from pixmirror.reports import drift, states
from pixmirror.reports.drift import DeletedComment, Membership, Vanished
from pixmirror.reports.gone import Leaver, OnlyHere, Survivor, only_here
from pixmirror.reports.moments import exact

WHAT = ("works", "users", "comments", "bookmarks", "follows")
LONGEST = 60
NAMED = 10  # lost works that are named


def gone(
    ctx: typer.Context,
    what: Annotated[str | None, typer.Argument(help=f"{', '.join(WHAT)} (default: all, counted).")] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=100000, help="At most so many, newest first.")
    ] = 20,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept", metavar="KIND", help="Believe what is held: work, user, bookmark, follow or comment."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """What survives only here: works and users that Pixiv shows no more, and what vanished from your lists.

    Nothing is ever removed here because Pixiv removed it. When suddenly very much would be gone, nothing of it is
    believed and a notice says so; --accept believes it.

    \b
    Examples:
      pixmirror gone
      pixmirror gone bookmarks --limit 100
      pixmirror gone --accept bookmark
    """
    s = session(ctx)
    if what is not None and what not in WHAT:
        raise ConfigError(f"{what}: it must be one of {', '.join(WHAT)}.")
    if accept is not None:
        if what is not None:
            raise ConfigError("--accept stands alone, without what is to be listed.")
        _accept(s, accept.removesuffix("s"), as_json)
        return
    if what is None:
        _summary(s, limit, as_json)
    else:
        _list(s, what, limit, as_json)


def _accept(s: Session, kind: str, as_json: bool) -> None:
    moved = int(s.do("accept", kind=kind, timeout=60)["moved"])
    if as_json:
        print_json({"accepted": kind, "moved": moved})
    else:
        say(f"Believed: {formats.count(moved, kind)}. `pixmirror gone` lists what that changed.")


def _summary(s: Session, limit: int, as_json: bool) -> None:
    with s.reading() as db, db.reading() as conn:
        here, lost, held = only_here(conn, limit), drift.vanished(conn), brakes_on(conn)
    if as_json:
        print_json(_summary_json(here, lost, held, limit))
        return
    for brake in held:
        _held(brake)
    _here(here, limit)
    if here.lost_here:
        say(f"\nLost here, and no longer at Pixiv: {formats.count(len(here.lost_here), 'work')}.")
        for line in losses_of(here.lost_here):
            say(f"  {line}")
    counted = ((lost.bookmarks, "bookmark"), (lost.follows, "follow"), (lost.comments, "comment"))
    if parts := [formats.count(n, name) for n, name in counted if n]:
        say(f"\nVanished on Pixiv: {', '.join(parts)}; `pixmirror gone bookmarks` and so on list them.")


RESTORE = "Restore the files from a backup and run pixmirror verify; without one: pixmirror verify --accept REF"


def losses_of(keys: Sequence[int]) -> list[str]:
    """Say what to do about works with lost files, and name the first."""
    refs = [str(Ref.of_work(key)) for key in keys[:NAMED]]
    more = f", and {len(keys) - NAMED:,} more" if len(keys) > NAMED else ""
    return [
        f"{', '.join(refs)}{more}",
        RESTORE,
    ]


def _held(brake: Brake) -> None:
    """Say what is not believed until the user has looked, and how it is."""
    if brake.why == "blind":
        note(str(brake))
        return
    things = formats.count(brake.live, brake.kind)
    note(f"{brake.count:,} of {things} would be marked gone at once; none is until you look.")
    note(f"If it is true: pixmirror gone --accept {brake.kind}")


def _summary_json(here: OnlyHere, lost: Vanished, held: Sequence[Brake], limit: int) -> dict[str, Any]:
    return {
        **{name: getattr(here, name) for name in ("works", "files", "bytes")},
        "states": plain(here.states),
        "newest": [_plain(work) for work in here.newest],
        "users": [_plain(user) for user in here.users[:limit]],
        "lost_here": [str(Ref.of_work(key)) for key in here.lost_here],
        "vanished": plain(lost),
        "held": [plain(brake) | {"text": str(brake)} for brake in held],
    }


def _list(s: Session, what: str, limit: int, as_json: bool) -> None:
    found = _read(s, what, limit)
    if as_json:
        print_json([_plain(item) for item in found])
    elif not found:
        say(f"No {what} are gone.")
    else:
        _SHOWN[what](found, s.media)
        if len(found) == limit:
            say(f"The newest {limit:,}; --limit shows more.")


def _read(s: Session, what: str, limit: int) -> Sequence[Any]:
    with s.reading() as db, db.reading() as conn:
        if what == "works":
            return only_here(conn, limit).newest
        if what == "users":
            return only_here(conn, 0).users[:limit]
        if what == "comments":
            return drift.deleted_comments(conn, limit)
        return drift.vanished_members(conn, "bookmark" if what == "bookmarks" else "follow", limit)


def _plain(item: Any) -> dict[str, Any]:
    """One row as JSON, with the name that the other commands take."""
    made: dict[str, Any] = plain(item)
    if "ref" not in made:
        key = made.pop("key", None)
        made = {"ref": str(Ref("user", item.id) if key is None else Ref.of_work(key)), **made}
    return made


# --- on the screen


def _here(here: OnlyHere, limit: int) -> None:
    if not here.works:
        if not here.lost_here:
            say("Pixiv still shows every work that is stored here.")
        return
    say(
        f"Kept here, though Pixiv no longer shows them: {formats.count(here.works, 'work')}, "
        f"{formats.count(here.files, 'file')}, {formats.size(here.bytes)}."
    )
    rows = [(f"{t.works:,}", f"{t.files:,}", formats.size(t.bytes), _state(t.state)) for t in here.states]
    formats.table(("works", "files", "size", "because"), rows)
    say("\nNewest:")
    _works(here.newest, Path())
    if here.users:
        say("\nArtists who are not there any more:")
        _users(here.users[:limit], Path())


def _state(state: str) -> str:
    """Say what a state means for a work that is here."""
    return states.of_work(state, kept=True).removesuffix(", kept here")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _day(ms: int | None) -> str:
    return exact(ms)[:10]


def _works(works: Sequence[Survivor], media: Path) -> None:
    rows = [
        (str(Ref.of_work(w.key)), _short(w.title), _short(w.artist), _day(w.since), f"{w.files:,}",
         formats.size(w.bytes), _state(w.state))
        for w in works
    ]  # fmt: skip
    formats.table(("id", "title", "artist", "since", "files", "size", "because"), rows)


def _users(users: Sequence[Leaver], media: Path) -> None:
    rows = [
        (
            f"user:{u.id}",
            _short(u.name),
            _day(u.since),
            f"{u.works:,}",
            f"{u.files:,}",
            formats.size(u.bytes),
            states.of_user(u.state),
        )
        for u in users
    ]
    formats.table(("id", "name", "since", "works", "files", "size", "because"), rows)


def _comments(comments: Sequence[DeletedComment], media: Path) -> None:
    for c in comments:
        said = f"(stamp {c.stamp_id})" if c.stamp_id and not c.comment else _short(c.comment)
        who = c.user_name or "somebody"
        answer = " in reply" if c.parent_id else ""
        say(f"{_day(c.state_at)}  {c.ref} {_short(c.title)}".rstrip())
        say(f"  {who}{answer}, {_day(c.posted_at)}: {said}")


def _lists(members: Sequence[Membership], media: Path) -> None:
    for m in members:
        by = f" by {_short(m.user_name)}" if m.ref.kind != "user" and m.user_name else ""
        say(f"{_day(m.state_at)}  {m.ref} {_short(m.title)}{by}".rstrip())
        tags = f"; your tags: {', '.join(m.tags)}" if m.tags else ""
        say(f"  {m.reason}; {m.restrict}, last seen {_day(m.last_seen)}{tags}")
        if m.copy.files:
            where = media / (m.copy.path or "")
            say(f"  {formats.count(m.copy.files, 'file')}, {formats.size(m.copy.bytes)}: {where}")
        else:
            say("  no file of it is stored")


_SHOWN: Mapping[str, Callable[[Any, Path], None]] = {
    "works": _works,
    "users": _users,
    "comments": _comments,
    "bookmarks": _lists,
    "follows": _lists,
}
