"""Every list of the demo in Pixiv's order, and its pages: slots of which some are empty, as where Pixiv cuts
the page first and filters it afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pixmirror.demo import words
from pixmirror.demo.addresses import JST
from pixmirror.demo.world import LIVE, Bookmark, Comment, Follow, Key, Series, Work, World

PAGE = 30
ILLUST_MODES = [
    "day",
    "week",
    "month",
    "day_male",
    "day_female",
    "week_original",
    "week_rookie",
    "day_ai",
    "day_manga",
    "week_manga",
    "month_manga",
    "week_rookie_manga",
    "week_original_manga",
    "day_r18",
    "day_male_r18",
    "day_female_r18",
    "week_r18",
    "week_r18g",
    "day_r18_ai",
    "day_r18_manga",
    "week_r18_manga",
    "week_r18g_manga",
    "day_r18g_manga",
]
NOVEL_MODES = [
    "day",
    "day_male",
    "day_female",
    "week",
    "week_rookie",
    "day_r18",
    "week_r18",
    "week_r18g",
    "week_ai",
    "week_ai_r18",
]
MODES = {"illust": ILLUST_MODES, "novel": NOVEL_MODES}
EARLIEST = date(2007, 9, 13)


@dataclass(frozen=True)
class BadDate(Exception):
    """A ranking of a day that never was or is yet to come."""

    text: str


def with_holes(world: World, keys: Sequence[Key]) -> list[Key | None]:
    """Return the keys with empty slots between: behind one in about 60 follow a few, or two pages full."""
    if not world.short_pages:
        return list(keys)
    slots: list[Key | None] = []
    for key in keys:
        slots.append(key)
        drawn = world.draw("hole", *key)
        if drawn % 61 == 0:
            slots += [None] * (60 if drawn % 3 == 0 else 1 + drawn % 12)
    return slots


def works_of(world: World, user_id: int, medium: str, kind: str | None = None) -> list[Key]:
    """Return the live works of a user, newest first; type illust includes the ugoira, no type all."""
    keys = [(medium, work_id) for _, work_id in reversed(world.by_user.get((user_id, medium), ()))]
    if kind is None:
        return keys
    kinds = ("illust", "ugoira") if kind == "illust" else (kind,)
    return [key for key in keys if world.works[key].type in kinds]


def follows_of(world: World, user_id: int, restrict: str) -> list[Follow]:
    """Return who a user follows, newest first; people who left are still in it."""
    mine = world.follows.get(user_id, {}).values()
    return sorted((f for f in mine if restrict in (f.restrict, "all")), key=lambda f: -f.order)


def friends_of(world: World, user_id: int) -> list[int]:
    """Return the mypixiv of a user: mutual, and drawn."""
    return [
        other.id
        for other in world.users.values()
        if other.id != user_id
        and not other.gone
        and world.draw("friends", min(user_id, other.id), max(user_id, other.id)) % 7 == 0
    ]


def follow_feed(world: World, viewer: int, restrict: str, medium: str) -> list[Key]:
    """Return the works of all followed artists, newest first."""
    entries = [
        entry
        for follow in follows_of(world, viewer, restrict)
        for entry in world.by_user.get((follow.user_id, medium), ())
    ]
    return [(medium, work_id) for _, work_id in sorted(entries, reverse=True)]


def everything(world: World, medium: str) -> list[Key]:
    """Return all live works that are for everybody, newest first."""
    entries = [entry for (_, m), ids in world.by_user.items() if m == medium for entry in ids]
    keys = [(medium, work_id) for _, work_id in sorted(entries, reverse=True)]
    return [key for key in keys if world.works[key].restrict == "public"]


def bookmark_slots(
    world: World, user_id: int, medium: str, restrict: str, tag: str | None
) -> list[tuple[int, Bookmark | None]]:
    """(bookmark id, bookmark or hole), newest bookmark first; the tag 未分類 means untagged."""
    slots: list[tuple[int, Bookmark | None]] = []
    mine = world.bookmarks.get(user_id, {}).values()
    for mark in sorted(mine, key=lambda mark: -mark.id):
        if mark.key[0] != medium or mark.restrict != restrict:
            continue
        if tag is not None and not (tag in mark.tags or (tag == "未分類" and not mark.tags)):
            continue
        slots.append((mark.id, mark))
        drawn = world.draw("hole", mark.id) if world.short_pages else 1
        if drawn % 37 == 0:
            # bookmark ids are 100 apart, so that the holes have ids of their own
            slots += [(mark.id - n, None) for n in range(1, 1 + (61 if drawn % 3 == 0 else 1 + drawn % 12))]
    return slots


def bookmark_tags(world: World, user_id: int, medium: str, restrict: str) -> list[tuple[str, int]]:
    """Return the own tags of a user's bookmarks with their counts, most used first."""
    counts: dict[str, int] = {}
    for mark in world.bookmarks.get(user_id, {}).values():
        if mark.key[0] == medium and mark.restrict == restrict:
            for tag in mark.tags:
                counts[tag] = counts.get(tag, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def roots_of(world: World, key: Key) -> list[Comment]:
    """Return the root comments of a work, newest first."""
    return [c for c in reversed(_thread(world, key)) if c.parent_id is None]


def replies_of(world: World, root: Comment) -> list[Comment]:
    """Return the replies to a root comment, newest first."""
    thread = _thread(world, (root.medium, root.work_id))
    return [c for c in reversed(thread) if c.parent_id == root.id]


def _thread(world: World, key: Key) -> list[Comment]:
    return [world.comments[key[0], number] for number in world.threads.get(key, ())]


def series_works(world: World, series: Series) -> list[Key]:
    """Return the live works of a series, in reading order."""
    keys = [(series.medium, work_id) for work_id in series.works]
    return [key for key in keys if world.works[key].state == LIVE]


def ranking_date(world: World, asked: str | None) -> date:
    """Return the day that a ranking is for; without one the newest that is out."""
    now = datetime.fromtimestamp(world.now() / 1000, JST)
    if asked is None:
        return (now - timedelta(days=1 if now.time() >= time(12) else 2)).date()
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        raise BadDate("Invalid date format") from None
    if day > now.date() or day < EARLIEST or len(asked) != 10:
        raise BadDate("Invalid date")
    return day


def ranking(world: World, medium: str, mode: str, day: date) -> list[Key]:
    """Return the ranking of a JST day, best first; empty before noon JST of the next day."""
    published = datetime.combine(day + timedelta(days=1), time(12), JST).timestamp() * 1000
    if world.now() < published:
        return []
    end_ms = int(datetime.combine(day + timedelta(days=1), time(0), JST).timestamp() * 1000)
    return world.cached(("ranking", medium, mode, day), lambda: _rank(world, medium, mode, day, end_ms))


def _rank(world: World, medium: str, mode: str, day: date, end_ms: int) -> list[Key]:
    def enters(work: Work) -> bool:
        if work.medium != medium or work.state != LIVE or work.create_ms >= end_ms:
            return False
        if mode.endswith("_manga") and work.type != "manga":
            return False
        return (work.x_restrict > 0) == ("_r18" in mode) and ("_ai" not in mode or work.ai_type == 2)

    entering = [work for work in world.works.values() if enters(work)]
    # a work keeps its score whoever else is there, so that one more or less moves only those below it
    entering.sort(key=lambda work: (world.draw("rank", mode, day, *work.key), work.id))
    return [work.key for work in entering[: world.ranking_size]]


def search(world: World, medium: str, query: dict[str, str]) -> list[Key]:
    """What /v1/search finds: every word must match, by tag or by title and caption; by date or popularity."""
    wanted = query.get("word", "").split()
    target = query.get("search_target", "partial_match_for_tags")
    since, until = query.get("start_date", ""), query.get("end_date", "9999")
    least, most = int(query.get("bookmark_num_min") or 0), int(query.get("bookmark_num_max") or 2**31)
    since_ms, ai = int(query.get("since_ms", 0)), query.get("search_ai_type")
    translated = query.get("include_translated_tag_results") == "true"

    def found(work: Work) -> bool:
        day = datetime.fromtimestamp(work.create_ms / 1000, JST).date().isoformat()
        if not least <= work.total_bookmarks <= most or not since <= day <= until or work.create_ms < since_ms:
            return False
        if (ai == "1" and work.ai_type == 2) or (ai == "2" and work.ai_type != 2):
            return False
        return all(_matches(work, word, target, translated) for word in wanted)

    keys = [key for key in everything(world, medium) if found(world.works[key])]
    sort = query.get("sort", "date_desc")
    if sort.startswith("popular"):
        keys.sort(key=lambda key: -world.works[key].total_bookmarks)
    return keys[::-1] if sort == "date_asc" else keys


def _matches(work: Work, word: str, target: str, translated: bool = False) -> bool:
    word = word.lower()
    tags = [tag.lower() for tag in work.tags]
    if translated:
        tags += [other.lower() for tag in work.tags if (other := words.TRANSLATIONS.get(tag))]
    if target == "exact_match_for_tags":
        return word in tags
    if target == "text":
        return word in work.text.lower()
    told = word in f"{work.title} {work.caption} {work.text if work.medium == 'novel' else ''}".lower()
    if target == "title_and_caption":
        return told
    return any(word in tag for tag in tags) or (target == "keyword" and told)
