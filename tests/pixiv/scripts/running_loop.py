"""The blocking client where an event loop runs already, as in the cell of a notebook."""

from pixmirror.pixiv.blocking import Client


async def main(token: str, user_id: int) -> None:
    with Client(token) as pixiv:
        page = pixiv.users.illusts(user_id)
        print(len(page), page[0].title, sum(1 for _ in page))
