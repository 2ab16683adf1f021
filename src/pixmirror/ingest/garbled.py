"""Answers and texts that are kept and cannot be read any more: what is still at Pixiv is asked for again."""

from collections.abc import Sequence

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.soundness import Garbled, note_garbled
from pixmirror.catalogue.sql import KEYS, column, listed
from pixmirror.ledger import agenda

_LIVE = f"SELECT work_key FROM work WHERE work_key {KEYS} AND state = 'live' AND user_id IS NOT NULL"


def ask_again(conn: Connection, room: str, found: Sequence[Garbled], now: int, *, accepted: bool = False) -> None:
    """Have the works of these asked for again, as far as Pixiv has them; `accepted`: what is lost may stay so."""
    note_garbled(conn, room, [one.id for one in found], accepted=accepted)
    keys = {one.key for one in found if one.key is not None}
    live = set(column(conn, _LIVE, keys=listed(keys))) - tombstones.works(conn, keys)
    agenda.ask_for_garbled(conn, Kind.TEXT if room == "text_version" else Kind.DETAIL, live, now)
