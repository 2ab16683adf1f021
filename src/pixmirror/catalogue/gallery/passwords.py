"""For which password browsers were let in: another one ends their sessions."""

from sqlalchemy import Connection, select

from pixmirror.catalogue.gallery.schema import session, setting
from pixmirror.catalogue.sql import upsert

KEY = "password"  # the setting that has its digest
_NOTE = upsert(setting, "value")


def end_of_others(conn: Connection, password: str) -> None:
    """End all sessions unless they began under this password, which is told by a digest; "" is none."""
    before = conn.scalar(select(setting.c.value).where(setting.c.key == KEY))
    if (before or "") != password:
        conn.execute(session.delete())
        conn.execute(_NOTE, {"key": KEY, "value": password})
