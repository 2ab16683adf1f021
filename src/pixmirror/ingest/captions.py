"""Accounts whose lists come with empty captions: the texts are then asked for work by work."""

from sqlalchemy import Connection

from pixmirror.catalogue.sql import changed, value
from pixmirror.ledger import agenda


def are_stripped(conn: Connection, account_id: int | None = None) -> bool:
    """True if this account's lists, or those of any account, leave captions out."""
    sql = "SELECT max(captions_stripped) FROM account WHERE :id IS NULL OR id = :id"
    return bool(value(conn, sql, id=account_id))


def set_captions_stripped(conn: Connection, account_id: int, now: int) -> int:
    """Remember that the account's lists leave captions out, and ask for every work without one. Return how many.

    Only when it is news: works that come later get theirs as they come, and the statement reads all works.
    """
    news = "UPDATE account SET captions_stripped = 1 WHERE id = :id AND captions_stripped = 0"
    return agenda.ask_for_all_captions(conn, now) if changed(conn, news, id=account_id) else 0
