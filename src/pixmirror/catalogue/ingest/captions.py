"""Accounts whose lists come with empty captions: the texts are then asked for work by work."""

from sqlalchemy import Connection, literal, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.schema import account, chore, work
from pixmirror.models import Lane


def set_captions_stripped(conn: Connection, account_id: int, now: int) -> int:
    """Remembers it of the account; every work without caption gets a `detail` chore. Returns how many."""
    conn.execute(update(account).where(account.c.id == account_id).values(captions_stripped=1))
    rows = select(literal("detail"), work.c.work_key, literal(int(Lane.EXTRA)), literal(now)).where(
        work.c.caption == "", work.c.detail_at.is_(None), work.c.user_id.is_not(None), work.c.state == "live"
    )
    stmt = insert(chore).from_select(["kind", "key", "lane", "due_at"], rows).on_conflict_do_nothing()
    return conn.execute(stmt).rowcount
