"""All works of a user, one line each."""

from pixmirror.pixiv import Client


async def main(token: str, user_id: int) -> None:
    async with Client(token) as pixiv:
        async for work in pixiv.users.illusts(user_id):
            print(work.id, work.page_count, work.title)
