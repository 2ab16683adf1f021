"""A small Pixiv, mirrored, changed and mirrored again: what the page of one work must be able to tell."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pixmirror.clock import DAY_MS, Clock
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app as create_pixiv
from pixmirror.demo.server import running
from pixmirror.demo.things import Work
from pixmirror.demo.world import World
from tests.gallery.readable import ask
from tests.hostile.texts import CAPTION, NAMES
from tests.standin import FOLLOWING, Setup

DAYS = 20  # between the two times at which it was mirrored


class Late(Clock):
    """A clock that stands `behind` ms."""

    def __init__(self, behind: int) -> None:
        self.behind = behind

    def now(self) -> int:
        return super().now() - self.behind


@dataclass(frozen=True)
class Changed:
    """The mirror, and which of its works are what."""

    root: Path
    edited: int  # title, caption, tags and both pages
    long: int
    ugoira: int
    novel: int  # its text changed
    talked: int  # with 70 comments
    rated: int
    hostile: int
    quiet: int  # nothing is other than usual


def spoil(root: Path) -> Path:
    """Give all works and people of a mirror hostile names."""
    for number, words in enumerate(NAMES):
        ask(root, "UPDATE work SET title = ? WHERE title != '' AND work_key % ? = ?", words, len(NAMES), number)
        ask(root, "UPDATE user SET name = ? WHERE id % ? = ?", words, len(NAMES), number)
    return root


def make(root: Path) -> Changed:
    """Mirror a Pixiv of a few works, change them, and mirror it again."""
    clock = Late(DAYS * DAY_MS)
    world = empty_world(clock.now)
    month = clock.now() - 30 * DAY_MS
    artist = add_artist(world, works=4, ugoira=1, novels=1, until_ms=month)
    edited, talked, rated, quiet = (w for w in world.works.values() if w.type == "illust")
    ugoira, novel = (next(w for w in world.works.values() if w.type == kind) for kind in ("ugoira", "novel"))
    world.edit(edited, page_count=2, title="夜明けの線路（仮）", caption="線路を描きました。", tags=("仮", "夜"))
    world.edit(rated, x_restrict=1, title="rated")
    link = f'<a href="pixiv://illusts/{talked.id}">here</a>'
    world.edit(quiet, caption=f'{link}<br />と <a href="/jump.php?https%3A%2F%2Fexample.com%2Fa">away</a>')
    long = world.post(artist.id, "manga", page_count=70, width=64, height=64, ext="jpg", create_ms=month)
    for n in range(70):
        words, stamp = (f"comment {n}", None) if n else ("", 407)
        world.comment(talked, artist.id, words, stamp, ms=month + n * 1000)
    hostile = _hostile(world, month)
    with running(create_pixiv(world)) as url, ThreadPoolExecutor(1) as thread:
        setup = Setup(root, url, [FOLLOWING])
        thread.submit(lambda: asyncio.run(setup.sync(clock=clock))).result()
        clock.behind = 0
        world.edit(
            edited, title="夜明けの線路", caption="線路と月を描きました。", tags=("夜", "月"), total_bookmarks=4812
        )
        world.replace_files(edited)
        world.edit(novel, text="　駅の時計は遅れている。\n[newpage]\n終わり。")
        thread.submit(lambda: asyncio.run(setup.sync(clock=clock))).result()
    return Changed(root, edited.id, long.id, ugoira.id, novel.id, talked.id, rated.id, hostile.id, quiet.id)


def _hostile(world: World, month: int) -> Work:
    """Add a work of which all words are hostile, with as hostile a comment."""
    artist = add_artist(world, works=1, until_ms=month)
    world.edit_user(artist.id, name=NAMES[1])
    work = next(w for w in world.works.values() if w.user_id == artist.id)
    for words in NAMES:
        world.comment(work, artist.id, words, ms=month)
    return world.edit(work, title=" ".join(NAMES[:5]), caption=CAPTION + NAMES[5], tags=NAMES)
