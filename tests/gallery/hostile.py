"""A mirror of which every text of a stranger is hostile: what each page of the gallery must show harmlessly.

It is mirrored from a Pixiv that says all this, twice, so that works have versions. What Pixiv cannot be
made to say (words of errors, names of files, readings) is written into the catalogue. Two works, one of each
medium, are in every list, so that a page that shows what it must not is found out.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pixmirror.catalogue.gallery import collections, own
from pixmirror.catalogue.gallery import words as own_words
from pixmirror.clock import DAY_MS
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app as create_pixiv
from pixmirror.demo.server import running
from pixmirror.demo.things import Series, Work
from pixmirror.demo.world import World
from pixmirror.gallery.place import Gallery
from tests.gallery.changed import DAYS, Late
from tests.gallery.readable import ask
from tests.hostile.texts import CAPTION, TEXTS
from tests.standin import Setup

SPEC = WorldSpec(seed=7, artists=3, private=1, others=1, works=36, bookmarks=8, commented=10)
SECRET = "極秘の絵"  # in the titles of the two works, which are rated
WORDS = " ".join(TEXTS)
LONG = "W" * 3000


@dataclass(frozen=True)
class Hostile:
    """The mirror, and what addresses of its pages name; `star` and `verse` are in every list."""

    root: Path
    star: int
    verse: int
    names: Mapping[str, object]

    @property
    def keys(self) -> tuple[int, int]:
        """The work_keys of the two."""
        return self.star * 2, self.verse * 2 + 1


def make(root: Path) -> Hostile:
    """Mirror it."""
    clock = Late(DAYS * DAY_MS)
    world = generate(SPEC, clock.now)
    star, verse, work, novel = _works_to_look_for(world)
    _spoil(world)
    with running(create_pixiv(world)) as url, ThreadPoolExecutor(1) as thread:
        setup = Setup(root, url)
        thread.submit(lambda: asyncio.run(setup.sync(clock=clock))).result()
        clock.behind = 0
        for one in (star, verse, work, novel):
            was = world.works[one.key]
            text = f"{was.text}\n終わり。{WORDS}{LONG}" if was.text else ""
            world.edit(
                was, title=f"{was.title} 改", caption=f"{was.caption} 改", tags=(*was.tags, "夜"), text=text
            )
        world.replace_files(star)
        world.replace_files(work)
        thread.submit(lambda: asyncio.run(setup.sync(clock=clock))).result()
    _spoil_rows(root, (star.id * 2, verse.id * 2 + 1))
    return Hostile(root, star.id, verse.id, _names(root, star, work, novel))


def _works_to_look_for(world: World) -> tuple[Work, Work, Work, Work]:
    """Add a manga and a novel that are in every list, rated and made by AI, and beside each another."""
    artist = max(world.follows[world.me], key=lambda id_: len(world.by_user.get((id_, "illust"), ())))
    world.post(artist, "ugoira", create_ms=world.second() - DAY_MS, title="動く絵")
    made: list[Work] = []
    for medium, kind, number in (("illust", "manga", 60_001), ("novel", "novel", 60_002)):
        now = world.second()
        beside = world.post(artist, kind, page_count=3, tags=("夜", "猫"), create_ms=now - 9000, title="隣の絵")
        star = world.post(
            artist, kind, page_count=3, tags=("夜", "猫", "星"), create_ms=now - 5000, title=SECRET, x_restrict=1,
            ai_type=2, total_bookmarks=90_000, total_view=900_000,
        )  # fmt: skip
        world.add_series(Series(medium, number, artist, "夜の話", "", now - 9000, (beside.id, star.id)))
        world.bookmark(star, tags=("夜",))
        for one in (beside, star):
            for words in (*TEXTS, LONG):
                world.comment(one, artist, words)
        made += [world.works[star.key], world.works[beside.key]]
    star, work, verse, novel = made
    return star, verse, work, novel


def _spoil(world: World) -> None:
    """Make all that people say hostile, and every third text as long as no line is."""
    count = 0

    def spoiled(text: str, before: str = " ") -> str:
        nonlocal count
        count += 1
        return f"{text}{before}{WORDS}{'' if count % 3 else LONG}"

    for user in list(world.users.values()):
        world.edit_user(user.id, name=spoiled(user.name), comment=spoiled(user.comment))
    for work in list(world.works.values()):
        text = spoiled(f"{work.text}\n[chapter:{WORDS}]\n") if work.text else ""
        tags = (*work.tags, f"{work.tags[0] if work.tags else '無'}{WORDS}{LONG}")
        caption = spoiled(work.caption, CAPTION)
        world.edit(work, title=spoiled(work.title), caption=caption, tags=tags, text=text)
    for medium, id_ in list(world.series):
        series = world.series[medium, id_]
        world.edit_series(medium, id_, title=spoiled(series.title), caption=spoiled(series.caption, CAPTION))
    for key, comment in world.comments.items():
        if comment.text:
            world.comments[key] = replace(comment, text=spoiled(comment.text))


def _spoil_rows(root: Path, stars: tuple[int, int]) -> None:
    """Make hostile what Pixiv could say only by a fault, and have something in the lists of what went wrong."""
    ask(root, "UPDATE tag_translation SET text = text || ?", WORDS)
    ask(root, "UPDATE translation_seen SET text = text || ?", WORDS)
    ask(root, "INSERT INTO tag_reading SELECT NULL, name, 'kana', ?, 'pixiv', 1 FROM tag", WORDS)
    ask(root, "UPDATE run SET outcome = 'failed', error = ? WHERE id % 2", WORDS)
    ask(root, "UPDATE comment SET state = 'deleted', state_at = last_seen WHERE comment_key % 6 = 0")
    for key in stars:
        of_day = "(r.medium, r.mode, r.date, r.rank) = (g.medium, g.mode, g.date, 1)"
        first = f"(SELECT work_key FROM ranking r WHERE {of_day})"
        ask(root, f"UPDATE ranking AS g SET work_key = {first} WHERE work_key = ?", key)
        ask(
            root,
            "UPDATE ranking SET work_key = ? WHERE rank = 1 AND medium = ?",
            key,
            ("illust", "novel")[key & 1],
        )
    page = "SELECT max(id) FROM media WHERE state = 'stored' AND role = 'page' AND owner_id % 2 = 0"
    for state, beyond in (("failed", 0), ("damaged", 1)):
        ask(root, f"UPDATE media SET state = ?, error = ? WHERE id = ({page}) - {beyond}", state, WORDS)
    name = "<x-hostile onclick=ran=1>%00' onfocus='ran=1 \u202e \x1b🏳️‍🌈.png"
    for id_, path in ask(root, "SELECT id, path FROM media WHERE state = 'stored' AND role = 'page' LIMIT 5"):
        there = Path(path).with_name(f"{id_}{name}")
        (root / "media" / path).rename(root / "media" / there)
        ask(root, "UPDATE media SET path = ? WHERE id = ?", str(there), id_)


def _names(root: Path, star: Work, work: Work, novel: Work) -> dict[str, object]:
    """Return what stands in the addresses of pages."""

    def first(sql: str, *values: object) -> object:
        return ask(root, sql, *values)[0][0]

    key = work.id * 2
    return {
        "work": work.id,
        "novel": novel.id,
        "artist": star.user_id,
        "manga_series": 60_001,
        "novel_series": 60_002,
        "tag": first("SELECT id FROM tag WHERE name = '夜'"),
        "odd_tag": first("SELECT id FROM tag WHERE name LIKE '夜%' AND name != '夜'"),
        "day": first("SELECT max(date) FROM ranking_day"),
        "month": first(
            "SELECT strftime('%Y-%m', create_date / 1000 + 32400, 'unixepoch') FROM work WHERE work_key = ?", key
        ),
        "ugoira": first("SELECT owner_id >> 1 FROM media WHERE role = 'ugoira' AND state = 'stored'"),
        "file": first("SELECT owner_id || '-' || sha256 FROM media WHERE owner_id = ? AND state = 'stored'", key),
    }


def keep_own(gallery: Gallery, hostile: Hostile) -> None:
    """Have what the user keeps in gallery.db: a collection, looks, places, stars, a word, a search."""
    db, now = gallery.own, gallery.clock.now()
    keys = (*hostile.keys, int(str(hostile.names["work"])) * 2)
    note = " ".join(TEXTS[:7])
    db.run_sync(collections.make, f"夜 {TEXTS[0]}", now, note, keys)
    db.run_sync(own.rate, keys, 5, now)
    for ago, key in enumerate(keys):
        db.run_sync(own.look, key, now - ago)
        db.run_sync(own.keep_place, key, 0, now - ago)
    db.run_sync(own_words.add_alias, "夜の", "夜")
    db.run_sync(own_words.save_search, TEXTS[0], TEXTS[0], now)
