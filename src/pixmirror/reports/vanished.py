"""What Pixiv shows no more, as the gallery lists it: the last works that are kept here, and what left our lists.

Nothing that the user has forgotten or hides is in it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.refs import parse_ref
from pixmirror.catalogue.sql import rows
from pixmirror.errors import ConfigError
from pixmirror.ledger.brake import Brake, brakes_on
from pixmirror.models import State
from pixmirror.reports import proof, queries
from pixmirror.reports.drift import DeletedComment, Membership, deleted_comments, vanished_members
from pixmirror.reports.filters import Defaults, Filters
from pixmirror.reports.grid import count, defaults
from pixmirror.reports.proof import Proof
from pixmirror.reports.queries import Reason
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import is_hidden, visible

SHELF = 24
LOOKED_AT = 400  # moves of late
SHOWN = 100  # of each list

# By the index of all moves, from the last one back: however much is gone, this is read in a moment.
_LATELY = f"""
SELECT owner_id FROM (
  SELECT owner_id, at FROM state_change INDEXED BY state_change_by_time
  WHERE owner_kind = :kind AND state IN {State.OVER} ORDER BY at DESC LIMIT {LOOKED_AT}
) GROUP BY owner_id ORDER BY max(at) DESC"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gone:
    """The page of what survives only here. `proof`: its counts, None before they were made.

    `kept`: how many works its list of them has.
    """

    newest: tuple[Tile, ...]
    kept: int
    proof: Proof | None
    held: tuple[Brake, ...]
    usual: Defaults


@dataclass(frozen=True, slots=True)
class Listed:
    """The last of a list that vanished, and whether there are more."""

    bookmarks: tuple[Membership, ...]
    follows: tuple[Membership, ...]
    comments: tuple[DeletedComment, ...]
    more: frozenset[str]
    held: tuple[Brake, ...]


def gone(conn: Connection) -> Gone:
    """Return the works that went last and are here, the counts, and what is held back."""
    usual = defaults(conn)
    found = visible(conn, _lately(conn, "work"), usual)
    newest = [tile for tile in found if tile.mark == "kept"][:SHELF]
    kept = count(conn, Filters(state=("kept",), rating=usual.rating, ai=usual.ai))
    return Gone(tuple(newest), kept, proof.known(conn), _held(conn, ("work", "user")), usual)


def drift(conn: Connection) -> Listed:
    """Return what vanished last from the account's lists, and the comments that were deleted last."""
    most = SHOWN + 1
    bookmarks = vanished_members(conn, "bookmark", most)
    follows = vanished_members(conn, "follow", most)
    comments = deleted_comments(conn, most, _lately(conn, "comment"))
    found = (("bookmarks", bookmarks), ("follows", follows), ("comments", comments))
    forgotten = tombstones.people(conn, [one.ref.id for one in follows])
    return Listed(
        bookmarks=_shown(conn, bookmarks[:SHOWN], lambda one: one.ref.work_key or 0),
        follows=tuple(one for one in follows[:SHOWN] if one.ref.id not in forgotten),
        comments=_shown(conn, comments[:SHOWN], lambda one: one.ref.work_key or 0),
        more=frozenset(name for name, of_it in found if len(of_it) > SHOWN),
        held=_held(conn, ("bookmark", "follow", "comment")),
    )


def shown_keys(conn: Connection, keys: Iterable[int]) -> set[int]:
    """Return which of these works may be named: those that are not forgotten and not hidden, here or not."""
    asked, usual = set(keys), defaults(conn)
    hidden = {tile.work_key for tile in tiles(conn, asked) if is_hidden(tile, usual)}
    return asked - hidden - tombstones.works(conn, asked)


def reasons(conn: Connection) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Return what is stuck, and which files are explained, as `status` has them, without works that are hidden."""
    found = queries.stuck(conn), queries.explained(conn)
    keys = {name: key for one in chain(*found) for name in one.examples if (key := _work_named(name)) is not None}
    may = shown_keys(conn, keys.values())

    def shown(one: Reason) -> Reason:
        return replace(one, examples=tuple(name for name in one.examples if name not in keys or keys[name] in may))

    return tuple(map(shown, found[0])), tuple(map(shown, found[1]))


def _work_named(example: str) -> int | None:
    """Return the key of the work that an example names; None of what is none."""
    try:
        return parse_ref(example).work_key
    except ConfigError:
        return None


def _lately(conn: Connection, kind: str) -> list[int]:
    """Return which things of a kind went last, the last one first."""
    return [r.owner_id for r in rows(conn, _LATELY, kind=kind)]


def _shown(conn: Connection, found: Sequence[T], key: Callable[[T], int]) -> tuple[T, ...]:
    may = shown_keys(conn, map(key, found))
    return tuple(one for one in found if key(one) in may)


def _held(conn: Connection, kinds: Sequence[str]) -> tuple[Brake, ...]:
    return tuple(brake for brake in brakes_on(conn) if brake.kind in kinds)
