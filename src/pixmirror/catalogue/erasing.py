"""Erase a person from the catalogue: name, profile, and what they wrote (architecture: other people).

What remains is the id, so that the tombstone knows whom to keep out and threads of comments hold together, and the
works' own rows (title, tags, dates) without their maker's name.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text, update

from pixmirror.catalogue import blocks
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
from pixmirror.catalogue.schema import comment
from pixmirror.catalogue.sql import IDS, Many, changed, column, listed, rows

DUMPED_COMMENT = "legacy_comment"  # owner_kind of the payload of a comment without an id; its owner is the work
ERASED: dict[str, Any] = {"comment": "", "stamp_id": None, "stamp_url": None}

_PERSON = frozenset({"name", "account", "profile_image_urls", "comment", "profileImageUrl", "profile_img"})
# As the web's answers spell it, beside a work.
_BESIDE = frozenset(
    # `alt` is made of tags, title and the artist's name; `legacy` is the row of a dump, as it stood there.
    ("legacy", "userName", "userAccount", "profileImageUrl", "profileImg", "user_name", "user_account", "alt")
)
_BATCH = 500

_OF_WORKS = """
SELECT payload.id FROM work CROSS JOIN payload ON owner_kind = 'work' AND owner_id = work_key
WHERE user_id = :user ORDER BY payload.id DESC"""  # what is packed against another comes before it
_PAYLOADS = f"SELECT id, endpoint, codec, body, {BASE} FROM payload WHERE id {IDS}"
_REWRITE = Many(f"UPDATE payload SET digest = :digest, codec = {CODEC}, body = :body, base = NULL WHERE id = :id")
_PROFILES = "DELETE FROM payload WHERE owner_kind = 'user' AND owner_id = :user RETURNING id"
_BLANK = """
UPDATE user SET name = '', account = '', comment = NULL, avatar_url = NULL, background_url = NULL,
  profile_at = NULL WHERE id = :user"""


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
    changed(conn, _BLANK, user=user_id)
    blocks.changed(conn, "payload", column(conn, _PROFILES, user=user_id))
    _drop_dumped_comments(conn, user_id)
    _rewrite_payloads(conn, user_id)
    # Items that could not be read are kept raw, and may name the person.
    ids = [r.id for r in rows(conn, "SELECT id, raw FROM broken") if _names(r.raw, user_id)]
    changed(conn, f"DELETE FROM broken WHERE id {IDS}", ids=listed(ids))
    erased = update(comment).where(comment.c.user_id == user_id).values(**ERASED).returning(comment.c.comment_key)
    written = conn.execute(erased).scalars().all()
    blocks.changed(conn, "comment", written)
    conn.exec_driver_sql("PRAGMA secure_delete = OFF")
    return len(written)


def _rewrite_payloads(conn: Connection, user_id: int) -> None:
    ids = column(conn, _OF_WORKS, user=user_id)
    for start in range(0, len(ids), _BATCH):
        rewritten = []
        for row in rows(conn, _PAYLOADS, ids=listed(ids[start : start + _BATCH])):
            try:
                raw = unpack(row.codec, row.body, row.base_body)
            except ValueError:
                continue  # garbled: nobody can read a name out of it
            text = canonical(without_person(raw, user_id))
            told = digest_text if row.endpoint in NO_CONTENT else digest_work
            rewritten.append({"id": row.id, "digest": told(text), "body": pack_text(text)})
        _REWRITE(conn, rewritten)
        blocks.changed(conn, "payload", (row["id"] for row in rewritten))


def _drop_dumped_comments(conn: Connection, user_id: int) -> None:
    """Remove the comments that dumps hold of this user; these are payloads and nothing else."""
    sql = text("SELECT id, codec, body FROM payload WHERE owner_kind = :kind")
    dumped = conn.execute(sql, {"kind": DUMPED_COMMENT})  # row by row: there may be millions
    ids = [r.id for r in dumped if _writer_of(r.codec, r.body) == user_id]
    changed(conn, f"DELETE FROM payload WHERE id {IDS}", ids=listed(ids))
    blocks.changed(conn, "payload", ids)


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
