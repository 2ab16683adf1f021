"""Everything that a search finds, the oldest first, also past the 5000 at which Pixiv ends a list."""

from pixmirror.pixiv import Client


async def main(token: str, word: str) -> None:
    async with Client(token) as pixiv:
        async for work in pixiv.search.illusts_past_cap(word, "exact_match_for_tags", sort="date_asc"):
            print(work.id, work.create_date, work.title)
