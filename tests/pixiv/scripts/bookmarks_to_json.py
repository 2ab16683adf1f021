"""One's own bookmarks, public and private, in a JSON file."""

import json
from pathlib import Path

from pixmirror.pixiv.blocking import Client


def main(token: str, path: Path) -> None:
    with Client() as pixiv:
        me = pixiv.authenticate(token).user_id
        rows = [
            {
                "id": work.id,
                "title": work.title,
                "artist": work.user and work.user.name,
                "tags": [tag.name for tag in work.tags],
            }
            for restrict in ("public", "private")
            for work in pixiv.users.bookmarks_illust(me, restrict)
        ]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
