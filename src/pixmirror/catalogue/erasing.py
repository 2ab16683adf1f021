"""Erase a person from the catalogue: name, profile, and what they wrote (architecture: other people).

What remains is the id, so that the tombstone knows whom to keep out and threads of comments hold together, and the
works' own rows (title, tags, dates) without their maker's name.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from pixmirror.catalogue.payloads import (
    BASE,
    CODEC,
    NO_CONTENT,
    canonical,
    digest_text,
    digest_work,
    pack_text,
    unpack,
)
from pixmirror.catalogue.schema import broken, comment, payload, user, work
from pixmirror.catalogue.sql import Many, among, listed

DUMPED_COMMENT = "legacy_comment"  # owner_kind of the payload of a comment without an id; its owner is the work
ERASED: dict[str, Any] = {"comment": "", "stamp_id": None, "stamp_url": None}

_PERSON = frozenset({"name", "account", "profile_image_urls", "comment", "profileImageUrl", "profile_img"})
# As the web's answers spell it, beside a work.
_BESIDE = frozenset(
    # `alt` is made of tags, title and the artist's name; `legacy` is the row of a dump, as it stood there.
    ("legacy", "userName", "userAccount", "profileImageUrl", "profileImg", "user_name", "user_account", "alt")
)
_BATCH = 500

_PAYLOADS = (
    select(payload.c.id, payload.c.endpoint, payload.c.codec, payload.c.body, BASE)
    .join(work, (payload.c.owner_kind == "work") & (work.c.work_key == payload.c.owner_id))
    .where(work.c.user_id == bindparam("b_user"), payload.c.id < bindparam("before"))
    .order_by(payload.c.id.desc())  # what is packed against another comes before it
    .limit(_BATCH)
)
_REWRITE = Many(
    update(payload)
    .where(payload.c.id == bindparam("b_id"))
    .values(digest=bindparam("b_digest"), codec=CODEC, body=bindparam("b_body"), base=None)
)


def without_person(raw: Any, user_id: int) -> Any:
    """Return a payload without the name, account and picture of this user."""
    if isinstance(raw, list):
        return [without_person(item, user_id) for item in raw]
    if not isinstance(raw, Mapping):
        return raw
    mine = str(raw.get("id")) == str(user_id) and ("account" in raw or "name" in raw)
    dropped = _PERSON | _BESIDE if mine else _BESIDE
    return {name: without_person(value, user_id) for name, value in raw.items() if name not in dropped}


def erase_user(conn: Connection, user_id: int) -> int:
    """Blank all that the catalogue holds of a person. Return how many comments that was.

    SQLite is told to overwrite it, for deleted rows else stay readable in the file.
    """
    conn.exec_driver_sql("PRAGMA secure_delete = ON")
    blank = {"name": "", "account": "", "comment": None, "avatar_url": None, "background_url": None}
    conn.execute(update(user).where(user.c.id == user_id).values(**blank, profile_at=None))
    conn.execute(delete(payload).where(payload.c.owner_kind == "user", payload.c.owner_id == user_id))
    _drop_dumped_comments(conn, user_id)
    _rewrite_payloads(conn, user_id)
    # Items that could not be read are kept raw, and may name the person.
    ids = [row.id for row in conn.execute(select(broken.c.id, broken.c.raw)) if _names(row.raw, user_id)]
    conn.execute(delete(broken).where(among(broken.c.id, "ids")), {"ids": listed(ids)})
    written = conn.execute(update(comment).where(comment.c.user_id == user_id).values(**ERASED)).rowcount
    conn.exec_driver_sql("PRAGMA secure_delete = OFF")
    return written


def _rewrite_payloads(conn: Connection, user_id: int) -> None:
    before = 2**63 - 1
    while rows := conn.execute(_PAYLOADS, {"b_user": user_id, "before": before}).all():
        before = rows[-1].id
        changed = []
        for row in rows:
            try:
                raw = unpack(row.codec, row.body, row.base_body)
            except ValueError:
                continue  # garbled: nobody can read a name out of it
            text = canonical(without_person(raw, user_id))
            told = digest_text if row.endpoint in NO_CONTENT else digest_work
            changed.append({"b_id": row.id, "b_digest": told(text), "b_body": pack_text(text)})
        _REWRITE(conn, changed)


def _drop_dumped_comments(conn: Connection, user_id: int) -> None:
    """Remove the comments that dumps hold of this user; these are payloads and nothing else."""
    dumped = select(payload.c.id, payload.c.codec, payload.c.body).where(payload.c.owner_kind == DUMPED_COMMENT)
    ids = [r.id for r in conn.execute(dumped) if _writer_of(r.codec, r.body) == user_id]
    conn.execute(delete(payload).where(among(payload.c.id, "ids")), {"ids": listed(ids)})


def _writer_of(codec: int, body: bytes) -> Any:
    try:
        return (unpack(codec, body).get("user") or {}).get("id")
    except (ValueError, AttributeError):
        return None


def _names(text: str, user_id: int) -> bool:
    if str(user_id) not in text:
        return False
    try:
        raw = json.loads(text)
    except ValueError:
        return True
    return canonical(raw) != canonical(without_person(raw, user_id))
