"""How one work or user is called in a sentence: by title and artist, with the id that commands take."""

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import row, value

_WORK = """
SELECT w.title, u.name AS artist FROM work w LEFT JOIN user u ON u.id = w.user_id WHERE w.work_key = :key"""


def name_of(conn: Connection, ref: Ref) -> str:
    """Return "夕凪 (12345679), by 東雲", of a user "東雲 (user:11)"; without a title only which work it is."""
    if ref.work_key is None:
        name = value(conn, "SELECT name FROM user WHERE id = :id", id=ref.id)
        return f"{name} ({ref})" if name else f"User {ref.id}"
    found = row(conn, _WORK, key=ref.work_key)
    if found is None:
        return f"Novel {ref.id}" if ref.kind == "novel" else f"Work {ref.id}"
    title = f"{found.title} ({ref})" if found.title else f"Work {ref}, without a title"
    return f"{title}, by {found.artist}" if found.artist else title
