"""Each line that is marked is an error for type checkers. Nothing here is run."""

from pixmirror.pixiv import Client, RankingMode, Sort, blocking


async def asynchronous(pixiv: Client) -> None:
    await pixiv.illusts.ranking("dya")  # type: ignore[arg-type]
    await pixiv.illusts.ranking("day")
    await pixiv.illusts.ranking(RankingMode.DAY)
    await pixiv.novels.ranking("month")  # type: ignore[arg-type]
    await pixiv.users.detail()  # type: ignore[call-arg]
    await pixiv.users.detail(11, None, 12)  # type: ignore[call-arg]
    await pixiv.users.illusts(11, tpye="illust")  # type: ignore[call-arg]
    await pixiv.users.illusts(11, type="novel")  # type: ignore[arg-type]
    await pixiv.users.bookmarks_illust(11, "all")  # type: ignore[arg-type]
    await pixiv.users.follow_add(11, "mypixiv")  # type: ignore[arg-type]
    await pixiv.search.illusts("a", sort="popular")  # type: ignore[arg-type]
    await pixiv.search.illusts("a", sort=Sort.POPULAR_DESC)
    await pixiv.search.illusts("a", search_target="text")  # type: ignore[arg-type]
    await pixiv.web.search.artworks("a", order="new")  # type: ignore[arg-type]
    await pixiv.users.details(11)  # type: ignore[attr-defined]
    (await pixiv.users.detail(11)).item  # type: ignore[attr-defined]
    (await pixiv.users.illusts(11))[0].titel  # type: ignore[attr-defined]
    len(pixiv.users.illusts(11))  # type: ignore[arg-type]
    for _ in pixiv.users.illusts(11):  # type: ignore[attr-defined]
        pass
    pixiv.uesrs.detail(11)  # type: ignore[attr-defined]


def without_async(pixiv: blocking.Client) -> None:
    pixiv.illusts.ranking("dya")  # type: ignore[arg-type]
    pixiv.illusts.ranking("day")
    pixiv.illusts.ranking(RankingMode.DAY)
    pixiv.users.detail()  # type: ignore[call-arg]
    pixiv.users.illusts(11, tpye="illust")  # type: ignore[call-arg]
    pixiv.users.bookmarks_illust(11, "all")  # type: ignore[arg-type]
    pixiv.search.novels_past_cap("a", sort="popular")  # type: ignore[arg-type]
    pixiv.web.users.following(11, rest="private")  # type: ignore[arg-type]
    pixiv.users.detail(11).item  # type: ignore[attr-defined]
    pixiv.users.illusts(11)[0].titel  # type: ignore[attr-defined]
    pixiv.users.illusts(11).next + 1  # type: ignore[operator]
    pixiv.uesrs.detail(11)  # type: ignore[attr-defined]
