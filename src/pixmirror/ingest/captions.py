"""Accounts whose lists come with empty captions: the texts are then asked for work by work."""

from sqlalchemy import Connection, bindparam, func, select, update

from pixmirror.catalogue.schema import account
from pixmirror.ledger import agenda

_STRIPPED = select(account.c.captions_stripped).where(account.c.id == bindparam("b_id"))
_ANY = select(func.max(account.c.captions_stripped))


def are_stripped(conn: Connection, account_id: int | None = None) -> bool:
    """True if this account's lists, or those of any account, leave captions out."""
    return bool(conn.execute(_STRIPPED if account_id is not None else _ANY, {"b_id": account_id}).scalar())


def set_captions_stripped(conn: Connection, account_id: int, now: int) -> int:
    """Remember that the account's lists leave captions out, and ask for every work without one. Return how many.

    Only when it is news: works that come later get theirs as they come, and the statement reads all works.
    """
    is_known = (account.c.id == account_id) & (account.c.captions_stripped == 0)
    if conn.execute(update(account).where(is_known).values(captions_stripped=1)).rowcount == 0:
        return 0
    return agenda.ask_for_all_captions(conn, now)
