"""Makes worlds: the full generated one from a seed, and exact small ones for tests."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from pixmirror.clock import DAY_MS
from pixmirror.demo import words
from pixmirror.demo.world import Key, Restrict, Series, User, Work, World, real_now

KINDS = ("illust", "manga", "ugoira", "novel")
KIND_WEIGHTS = (62, 20, 6, 12)
UNCOMMENTED_DAYS = 8  # a mirror asks for comments of a work once it is a week old: younger ones here have none
_AI_SINCE_MS = 1_667_000_000_000  # works from before the question was asked have illust_ai_type 0


@dataclass(frozen=True)
class WorldSpec:
    """What a generated world holds. `now_ms` is the time that it is complete for; None means that of `now`."""

    seed: int = 7
    now_ms: int | None = None
    artists: int = 40  # followed, `private` of them privately
    private: int = 10
    others: int = 15  # not followed
    works: int = 900
    bookmarks: int = 150
    commented: int = 150
    days: int = 1100
    short_pages: bool = True
    strip_captions: Literal["none", "some", "all"] = "all"
    ranking_size: int = 100


def generate(spec: WorldSpec | None = None, now: Callable[[], int] | None = None) -> World:
    """Return the world of a spec. The same spec and the same time give the same world to the last byte."""
    spec = spec or WorldSpec()
    clock = now or real_now
    made_ms = (clock() if spec.now_ms is None else spec.now_ms) // 1000 * 1000
    start_ms = made_ms - spec.days * DAY_MS
    me = User(10_000_001, "デモの人", "demo_account", "自分のアカウント", start_ms)
    world = World(clock, spec.seed, spec.short_pages, spec.strip_captions, spec.ranking_size, me)
    rng = Random(spec.seed)
    artists = [_person(world, rng, n, start_ms) for n in range(spec.artists)]
    others = [_person(world, rng, spec.artists + n, start_ms) for n in range(spec.others)]
    for number, artist in enumerate(artists):
        world.follow(artist.id, "private" if number >= spec.artists - spec.private else "public")
    _post_all(world, rng, spec, artists, others, made_ms)
    _make_series(world, rng)
    _comment_all(world, rng, spec, made_ms)
    _bookmark_all(world, rng, spec, others, made_ms)
    if others:
        _lose(world, rng, others)
    return world


def empty_world(
    now: Callable[[], int] | None = None,
    seed: int = 7,
    short_pages: bool = False,
    strip_captions: Literal["none", "some", "all"] = "none",
    ranking_size: int = 100,
) -> World:
    """Return a world with nobody but the own account, and none of Pixiv's whims unless asked for."""
    return World(now or real_now, seed, short_pages, strip_captions, ranking_size)


def add_artist(
    world: World,
    works: int = 5,
    manga: int = 0,
    ugoira: int = 0,
    novels: int = 0,
    pages: int = 1,
    follow: Restrict | None = "public",
    size: tuple[int, int] = (64, 64),
    until_ms: int | None = None,
    every_ms: int = 3_600_000,
) -> User:
    """Return a new artist with exactly so many illusts, manga (of `pages` pages), ugoira and novels, all JPEG and
    small; the newest at `until_ms` (default: now), the others each `every_ms` before."""
    with world.lock:
        user_id = max(world.users) + 1
        user = world.add_user(User(user_id, f"artist {user_id}", f"user_{user_id}"))
        kinds = ["illust"] * works + ["manga"] * manga + ["ugoira"] * ugoira + ["novel"] * novels
        Random(user_id).shuffle(kinds)
        last = world.second() if until_ms is None else until_ms // 1000 * 1000
        for number, kind in enumerate(kinds):
            when = last - (len(kinds) - 1 - number) * every_ms
            medium = "novel" if kind == "novel" else "illust"
            work_id = world.newest[medium] + 1
            text = f"　{number}番目の話。\n[newpage]\nThe end." if kind == "novel" else ""
            world.add(
                Work(
                    medium=medium,
                    id=work_id,
                    user_id=user_id,
                    type=kind,
                    title=f"{kind} {number}",
                    caption=f"caption {number}",
                    tags=("オリジナル", kind),
                    page_count=pages if kind == "manga" else 1,
                    width=size[0],
                    height=size[1],
                    create_ms=when,
                    file_ms=when,
                    text=text,
                    ext="jpg",
                )
            )
        if follow is not None:
            world.follow(user_id, follow)
        return user


def _person(world: World, rng: Random, number: int, start_ms: int) -> User:
    user_id = 1_000 + number * 311_117 + rng.randrange(200_000)
    avatar = start_ms + rng.randrange(DAY_MS) // 1000 * 1000 if rng.random() < 0.85 else 0
    account = rng.choice(("user_", "atelier", "draw-", "k_")) + f"{rng.randrange(16**4):04x}{number}"
    return world.add_user(User(user_id, words.pen_name(rng), account, words.profile(rng), avatar))


def _post_all(
    world: World, rng: Random, spec: WorldSpec, artists: list[User], others: list[User], made_ms: int
) -> None:
    """All works, ids growing with time; the last three novels have ids that illusts have too."""
    people = artists + others
    # a few artists have hundreds of works, most have few, the last followed one has none
    weights = [rng.paretovariate(0.9) for _ in artists] + [0.6 for _ in others]
    if len(artists) > 1:
        weights[len(artists) - 1] = 0
    spots = sorted(made_ms - 3_600_000 - int(rng.random() ** 1.4 * spec.days * DAY_MS) for _ in range(spec.works))
    kinds = rng.choices(KINDS, KIND_WEIGHTS, k=spec.works)
    authors = rng.choices(people, [min(w, 12.0) for w in weights], k=spec.works) if people else []
    numbers = {"illust": 40_000_000, "novel": 15_000_000}
    illusts: list[int] = []
    novels = kinds.count("novel")
    for spot, kind, author in zip(spots, kinds, authors, strict=True):
        medium = "novel" if kind == "novel" else "illust"
        numbers[medium] += rng.randrange(1, 8_000)
        if medium == "illust":
            illusts.append(numbers[medium])
        else:
            novels -= 1
            if novels < 3 and len(illusts) > 20:
                numbers[medium] = max(numbers[medium], illusts[20 - novels * 10])
        _post_one(world, rng, numbers[medium], author, kind, spot // 1000 * 1000, illusts)
    for work in [w for w in world.works.values() if w.medium == "illust"][-60::29][:2]:
        world.edit(work, ai_type=2)


def _post_one(
    world: World, rng: Random, work_id: int, author: User, kind: str, create_ms: int, illusts: list[int]
) -> None:
    novel = kind == "novel"
    ref = rng.choice(illusts) if illusts else work_id
    likes = int(rng.paretovariate(0.8) * 6)
    world.add(
        _upright(
            Work(
                medium="novel" if novel else "illust",
                id=work_id,
                user_id=author.id,
                type=kind,
                title=words.title(rng),
                caption=words.caption(rng, ref),
                tags=words.tags(rng, kind),
                page_count=_pages(rng, kind),
                width=400 if kind == "ugoira" else rng.randint(9, 16) * 50,
                height=300 if kind == "ugoira" else rng.randint(9, 16) * 50,
                create_ms=create_ms,
                # now and then the artist replaced the files an hour after posting
                file_ms=create_ms + (3_000_000 if rng.random() < 0.04 else 0),
                total_view=likes * rng.randint(3, 12),
                total_bookmarks=likes,
                ai_type=1 if create_ms > _AI_SINCE_MS else 0,
                tools=tuple(rng.sample(words.TOOLS, rng.choice((0, 0, 1, 2)))),
                text=words.novel_text(rng, work_id, ref if illusts and rng.random() < 0.25 else None)
                if novel
                else "",
            )
        )
    )


def _upright(work: Work) -> Work:
    """Return it with pages that stand, if it is manga, but for double pages."""
    if work.type != "manga" or work.width > 1.4 * work.height:
        return work
    return replace(work, width=min(work.width, work.height), height=max(work.width, work.height))


def _pages(rng: Random, kind: str) -> int:
    if kind == "manga":
        return rng.randint(2, 8)
    return rng.choice((2, 3, 4)) if kind == "illust" and rng.random() < 0.1 else 1


def _make_series(world: World, rng: Random) -> None:
    number = 50_000
    for (user_id, medium), entries in world.by_user.items():
        kind = "novel" if medium == "novel" else "manga"
        ids = [work_id for _, work_id in entries if world.works[medium, work_id].type == kind]
        if len(ids) < 3 or rng.random() < 0.4:
            continue
        number += rng.randrange(1, 900)
        chosen = tuple(ids[: rng.randint(3, 8)])
        text = words.caption(rng, chosen[0]).replace("<br />", "\n")
        made = world.works[medium, chosen[0]].create_ms
        world.add_series(Series(medium, number, user_id, words.series_title(rng), text, made, chosen))


def _comment_all(world: World, rng: Random, spec: WorldSpec, made_ms: int) -> None:
    """Roots in the order of time, then replies; one work has pages of roots, one root pages of replies."""
    old = [w for w in world.works.values() if w.create_ms < made_ms - UNCOMMENTED_DAYS * DAY_MS]
    works = rng.sample(old, min(spec.commented, len(old)))
    people = [user.id for user in world.users.values() if user.id != world.me]
    roots = sorted(
        (work.create_ms + rng.randrange(1, made_ms - work.create_ms) // 1000 * 1000, work.key)
        for number, work in enumerate(works)
        for _ in range(67 if number == 0 else rng.choice((1, 1, 2, 3, 5, 9)))
    )
    answered = [
        world.comment(key, rng.choice(people), *_words_or_stamp(rng, words.comment), ms=ms) for ms, key in roots
    ]
    for number, root in enumerate(answered):
        replies = 41 if number == 0 else rng.choice((0, 0, 0, 1, 2))
        key: Key = (root.medium, root.work_id)
        later = sorted(root.ms + rng.randrange(1, made_ms - root.ms + 1) // 1000 * 1000 for _ in range(replies))
        for ms in later:
            author = world.works[key].user_id if rng.random() < 0.5 else rng.choice(people)
            world.comment(key, author, *_words_or_stamp(rng, words.reply), parent_id=root.id, ms=ms)


def _words_or_stamp(rng: Random, text: Callable[[Random], str]) -> tuple[str, int | None]:
    return ("", rng.choice(words.STAMPS)) if rng.random() < 0.12 else (text(rng), None)


def _bookmark_all(world: World, rng: Random, spec: WorldSpec, others: list[User], made_ms: int) -> None:
    works = list(world.works.values())
    for work in rng.sample(works, min(spec.bookmarks, len(works))):
        restrict: Restrict = "private" if rng.random() < 0.2 else "public"
        tags = tuple(rng.sample(words.OWN_TAGS, rng.choice((0, 0, 1, 2, 3))))
        world.bookmark(
            work, restrict, tags, at=min(made_ms, work.create_ms + rng.randrange(DAY_MS) // 1000 * 1000)
        )
    for other in others:
        for work in rng.sample(works, min(rng.randint(0, 45), len(works))):
            world.bookmark(work, user_id=other.id, at=work.create_ms)


def _lose(world: World, rng: Random, others: list[User]) -> None:
    """What the past took: deleted and hidden works, bookmarked and not, and a followed artist who left."""
    mine = [world.works[key] for key in world.bookmarks.get(world.me, {})]
    lost = rng.sample(mine, min(14, len(mine)))
    for work in lost[:6]:
        world.delete(work)
    for work in lost[6:10]:
        world.hide(work, "limit_sanity_level")
    for work in lost[10:12]:
        world.hide(work, "limit_mypixiv")
    for work in lost[12:13]:
        world.hide(work, "limit_private")
    for work in lost[13:]:
        world.hide(work, "limit_unviewable")
    rest = [work for work in world.works.values() if work.key not in world.bookmarks.get(world.me, {})]
    for work in rng.sample(rest, min(5, len(rest))):
        world.hide(work, "limit_sanity_level")
    world.follow(others[-1].id)
    world.leave(others[-1].id)
