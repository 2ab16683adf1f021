"""A list read in portions, page after page; where it goes on is kept in a file."""

import json
from pathlib import Path

from pixmirror.pixiv.blocking import Client


def main(token: str, user_id: int, place: Path) -> None:
    begun = json.loads(place.read_text()) if place.exists() else None
    with Client(token) as pixiv:
        page = pixiv.users.illusts(user_id, next=begun)
    for work in page.items:
        print(work.id, work.title)
    place.write_text(json.dumps(page.next))
