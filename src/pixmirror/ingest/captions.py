"""Accounts whose lists come with empty captions: the texts are then asked for work by work."""

from sqlalchemy import Connection, bindparam, func, literal, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.schema import account, chore, work
from pixmirror.models import Lane

_STRIPPED = select(account.c.captions_stripped).where(account.c.id == bindparam("b_id"))
_ANY = select(func.max(account.c.captions_stripped))


def are_stripped(conn: Connection, account_id: int | None = None) -> bool:
    """True if this account's lists, or those of any account, leave captions out."""
    return bool(conn.execute(_STRIPPED if account_id is not None else _ANY, {"b_id": account_id}).scalar())


def set_captions_stripped(conn: Connection, account_id: int, now: int) -> int:
    """Remember it of the account; every work without caption gets a `detail` chore. Return how many.

    Only when it is news: works that come later get theirs as they come, and the statement reads all works.
    """
    is_known = (account.c.id == account_id) & (account.c.captions_stripped == 0)
    if conn.execute(update(account).where(is_known).values(captions_stripped=1)).rowcount == 0:
        return 0
    rows = select(literal("detail"), work.c.work_key, literal(int(Lane.EXTRA)), literal(now)).where(
        work.c.caption == "", work.c.detail_at.is_(None), work.c.user_id.is_not(None), work.c.state == "live"
    )
    stmt = insert(chore).from_select(["kind", "key", "lane", "due_at"], rows).on_conflict_do_nothing()
    return conn.execute(stmt).rowcount
