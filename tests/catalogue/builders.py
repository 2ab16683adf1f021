"""Hand-made answers in Pixiv's shapes, and small ways to look into a catalogue."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import changed, listed
from pixmirror.models import Comment, Illust, Novel, Received, Restrict, read

NOW = 1_700_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
ME = 99
DATE = "2023/04/27/13/39/51"


def both(started: int) -> dict[Restrict, int | None]:
    """The last full passes of the public and the private list began then."""
    return {"public": started, "private": started}


def seen(now: int = NOW, **changes: Any) -> Seen:
    given: dict[str, Any] = {"account_id": ME, "job": "following", "now": now} | changes
    return Seen(**given)


def user(user_id: int = 7, **changes: Any) -> dict[str, Any]:
    return {
        "id": user_id,
        "name": f"artist {user_id}",
        "account": f"user_{user_id}",
        "profile_image_urls": {
            "medium": f"https://i.pximg.net/user-profile/img/2021/10/21/16/01/24/{user_id}_ab_170.png"
        },
        "is_followed": False,
    } | changes


def tag(name: str, translated: str | None = None) -> dict[str, Any]:
    return {"name": name, "translated_name": translated}


def original(work_id: int, page: int = 0, date: str = DATE, ext: str = "png") -> str:
    return f"https://i.pximg.net/img-original/img/{date}/{work_id}_p{page}.{ext}"


def _urls(work_id: int, page: int, date: str) -> dict[str, str]:
    base = f"img-master/img/{date}/{work_id}_p{page}"
    return {
        "large": f"https://i.pximg.net/c/600x1200_90/{base}_master1200.jpg",
        "medium": f"https://i.pximg.net/c/540x540_70/{base}_master1200.jpg",
        "square_medium": f"https://i.pximg.net/c/360x360_70/{base}_square1200.jpg",
    }


def illust(
    work_id: int = 1, *, pages: int = 1, date: str = DATE, tags: Any = (), owner: Any = None, **changes: Any
) -> dict[str, Any]:
    many = [
        {"image_urls": _urls(work_id, n, date) | {"original": original(work_id, n, date)}} for n in range(pages)
    ]
    return {
        "id": work_id,
        "title": f"picture {work_id}",
        "type": "illust",
        "image_urls": _urls(work_id, 0, date),
        "caption": "a caption<br />",
        "restrict": 0,
        "user": owner or user(),
        "tags": [t if isinstance(t, dict) else tag(t) for t in tags],
        "tools": [],
        "create_date": "2023-04-27T13:39:51+09:00",
        "page_count": pages,
        "width": 1728,
        "height": 2626,
        "sanity_level": 2,
        "x_restrict": 0,
        "series": None,
        "meta_single_page": {"original_image_url": original(work_id, 0, date)} if pages == 1 else {},
        "meta_pages": many if pages > 1 else [],
        "total_view": 1000,
        "total_bookmarks": 100,
        "is_bookmarked": False,
        "visible": True,
        "is_muted": False,
        "illust_ai_type": 1,
        "illust_book_style": 0,
    } | changes


def ugoira(work_id: int = 1, *, date: str = DATE, **changes: Any) -> dict[str, Any]:
    url = f"https://i.pximg.net/img-original/img/{date}/{work_id}_ugoira0.jpg"
    return illust(work_id, date=date, type="ugoira", meta_single_page={"original_image_url": url}, **changes)


def stub(work_id: int = 1, limit: str = "limit_unknown", **changes: Any) -> dict[str, Any]:
    url = f"https://s.pximg.net/common/images/{limit}_360.png"
    return (
        illust(work_id)
        | {
            "title": "",
            "caption": "",
            "user": {"id": 0, "name": "", "account": "", "profile_image_urls": {}},
            "tags": [],
            "image_urls": {"large": url, "medium": url, "square_medium": url},
            "meta_single_page": {"original_image_url": url},
            "create_date": "2026-11-21T00:00:00+09:00",
            "width": 100,
            "height": 100,
            "visible": False,
        }
        | changes
    )


def novel(work_id: int = 1, *, tags: Any = (), **changes: Any) -> dict[str, Any]:
    cover = "https://i.pximg.net/c/{}/novel-cover-master/img/2023/01/02/03/04/05/ci{}_ab_master1200.jpg"
    return {
        "id": work_id,
        "title": f"story {work_id}",
        "caption": "about it",
        "restrict": 0,
        "x_restrict": 0,
        "is_original": True,
        "image_urls": {
            size: cover.format(box, work_id)
            for size, box in (("large", "480x960"), ("medium", "176x352"), ("square_medium", "128x128"))
        },
        "create_date": "2023-01-02T03:04:05+09:00",
        "tags": [t if isinstance(t, dict) else tag(t) for t in tags],
        "page_count": 1,
        "text_length": 2043,
        "user": user(),
        "series": {},
        "is_bookmarked": False,
        "total_bookmarks": 3,
        "total_view": 30,
        "visible": True,
        "total_comments": 0,
        "is_muted": False,
        "is_mypixiv_only": False,
        "is_x_restricted": False,
        "novel_ai_type": 0,
    } | changes


def comment(comment_id: int, text: str = "nice", **changes: Any) -> dict[str, Any]:
    return {
        "id": comment_id,
        "comment": text,
        "date": "2023-05-01T00:00:00+09:00",
        "user": user(500 + comment_id),
        "has_replies": False,
        "stamp": None,
    } | changes


def work(raw: dict[str, Any]) -> Received[Illust | Novel]:
    """As `pixiv.reading` reads it."""
    if "text_length" in raw:
        return Received(read(Novel, raw)[0], raw)
    return Received(read(Illust, raw)[0], raw)


def works(*raws: dict[str, Any]) -> list[Received[Illust | Novel]]:
    return [work(raw) for raw in raws]


def comments(*raws: dict[str, Any]) -> list[Received[Comment]]:
    return [Received(Comment.model_validate(raw), raw) for raw in raws]


def want_again(conn: Connection, work_key: int | None = None, states: Sequence[str] = ("failed",)) -> int:
    """Want files in these states again, at the user's word: of one work, or of all; never forgotten ones."""
    again = """
    UPDATE media SET state = 'wanted', attempts = 0, due_at = 0, error = NULL, damaged_sha256 = NULL
    WHERE state IN (SELECT value FROM json_each(:states)) AND state != 'forgotten' AND path != ''
      AND (:key IS NULL OR owner_kind = 'work' AND owner_id = :key)"""
    return changed(conn, again, states=listed(states), key=work_key)
