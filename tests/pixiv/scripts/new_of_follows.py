"""What followed artists posted since the work that was seen last."""

from pixmirror.pixiv import Client


async def main(token: str, seen_id: int) -> None:
    async with Client(token) as pixiv:
        async for work in pixiv.illusts.follow("all"):
            if work.id <= seen_id:
                break
            print(work.id, work.user and work.user.name, work.title)
