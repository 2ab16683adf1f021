"""A gallery over a mirrored demo Pixiv, served on loopback, and Debian's Chromium to look at it with.

The mirror is made once a session; a test that changes it asks for `own_gallery`, which is a copy.
"""

import asyncio
import os
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    ViewportSize,
    sync_playwright,
)

from pixmirror.catalogue.database import catalogue_path
from pixmirror.catalogue.thumbs import Thumb, ThumbsDatabase, made, thumbs_path
from pixmirror.clock import Clock
from pixmirror.config import Config, GalleryConfig, MirrorConfig
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app as create_pixiv
from pixmirror.demo.server import running
from pixmirror.demo.world import World
from pixmirror.gallery.app import create_app
from pixmirror.gallery.live import Live
from pixmirror.gallery.place import Gallery, open_gallery
from pixmirror.gallery.serve import Server
from pixmirror.models.addresses import Listen
from tests import many
from tests.standin import Setup

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
SPEC = WorldSpec(seed=7, artists=8, private=2, others=3, works=90, bookmarks=20, commented=30)


@dataclass(frozen=True)
class Mirrored:
    """A mirror on disk, and the world that it mirrors."""

    root: Path
    world: World


@dataclass
class Served:
    """A gallery that answers at `url`."""

    url: str
    root: Path
    gallery: Gallery
    live: Live
    stop: Callable[[], None]


@pytest.fixture(scope="session")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Mirrored:
    """Mirror a small generated Pixiv, whole, once."""
    root = tmp_path_factory.mktemp("mirror") / "root"
    world = generate(SPEC)
    # In a thread of its own: Playwright keeps a loop in this one.
    with running(create_pixiv(world)) as url, ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(Setup(root, url).sync())).result()
    return Mirrored(root, world)


def copied(root: Path, to: Path) -> Path:
    """Copy a mirror, without what others left in its gallery.db; its files are links to the same ones."""
    shutil.copytree(root, to, copy_function=os.link, ignore=shutil.ignore_patterns("gallery.db*"))
    for file in (path for path in to.iterdir() if path.is_file()):  # what is written to or locked is no link
        copy = file.read_bytes()
        file.unlink()
        file.write_bytes(copy)
    return to


@contextmanager
def serving(
    root: Path,
    password: str | None = None,
    clock: Clock | None = None,
    *,
    port: int = 0,
    thumbs: bool = False,
    **keys: Any,
) -> Iterator[Served]:
    """Serve the gallery of a mirror on a port of loopback (0: any free one), open to who asks.

    `keys`: of [gallery]; `password`: its hash; with `thumbs` it makes thumbnails, which takes a core.
    """
    config = Config(mirror=MirrorConfig(root=root), gallery=GalleryConfig(**{"require_key": False} | keys))
    with open_gallery(config, {}, password, clock) as gallery, socket.create_server(("127.0.0.1", port)) as sock:
        gallery.listen = Listen("127.0.0.1", sock.getsockname()[1])
        app = create_app(gallery, makes_thumbnails=thumbs)
        server = Server(app)
        thread = threading.Thread(target=partial(server.run, sockets=[sock]), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)

        def stop() -> None:
            server.should_exit = True

        try:
            yield Served(f"http://127.0.0.1:{gallery.listen.port}", root, gallery, app.state.live, stop)
        finally:
            stop()
            thread.join()


@pytest.fixture(scope="session")
def gallery(mirrored: Mirrored) -> Iterator[Served]:
    """The gallery of the session's mirror, to look at."""
    with serving(mirrored.root) as served:
        yield served


@pytest.fixture
def own_root(mirrored: Mirrored, tmp_path: Path) -> Path:
    """A copy of the mirror, which the test may change."""
    return copied(mirrored.root, tmp_path / "root")


@pytest.fixture(scope="session")
def own_port() -> Iterator[int]:
    """A port for one gallery after the other, so that a browser's context serves the tests of all of them."""
    with socket.socket() as reserved:  # bound by nobody else meanwhile, and never listening
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@pytest.fixture
def own_gallery(own_root: Path, own_port: int) -> Iterator[Served]:
    """A gallery of a copy of the mirror, at the address of the one before."""
    with serving(own_root, port=own_port) as served:
        yield served


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. While it is here its loop runs in this thread: tests of this folder run none of their own."""
    if not CHROMIUM.exists():
        (pytest.fail if "PIXMIRROR_NEEDS_BROWSER" in os.environ else pytest.skip)(
            "Pages are looked at in Debian's Chromium (apt install chromium), which is not here."
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield launched
        launched.close()


@dataclass
class Seen:
    """What a page did beside showing itself: words on its console, requests to anywhere but the gallery."""

    console: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def says(self, text: str) -> None:
        if not text.startswith(
            "Transition was "
        ):  # skipped or aborted: the next page came before this one had faded in
            self.console.append(text)


def watch(page: Page, url: str, fails: Collection[str] = ()) -> Seen:
    """Note from now on what a page of the gallery at `url` does beside showing itself."""
    seen = Seen()

    def console(said: ConsoleMessage) -> None:
        expected = said.text.startswith("Failed to load") and urlsplit(said.location["url"]).path in fails
        if said.type in ("error", "warning") and not expected:
            seen.says(said.text)

    page.on("console", console)
    page.on("pageerror", lambda error: seen.says(str(error)))
    page.on("request", lambda r: seen.outside.append(r.url) if not r.url.startswith((url, "data:")) else None)
    return seen


def _new_context(browser: Browser, url: str, width: int, options: Mapping[str, Any]) -> BrowserContext:
    viewport: ViewportSize = {"width": width, "height": 900 if width > 700 else 740}
    return browser.new_context(base_url=url, viewport=viewport, **options)


@contextmanager
def looking(
    browser: Browser, url: str, width: int = 1440, *, fails: Collection[str] = (), **options: Any
) -> Iterator[Page]:
    """Open a page for one test, which fails at its end if the page complained or asked anyone but the gallery.

    `fails`: paths that may be answered by a refusal, of which a browser complains.
    """
    context = _new_context(browser, url, width, options)
    page = context.new_page()
    seen = watch(page, url, fails)
    try:
        yield page
        assert seen == Seen()
    finally:
        context.close()


@dataclass
class Kept:
    """A context that serves many tests, with a page that keeps its process alive, and what empties it."""

    context: BrowserContext
    idle: Page
    devtools: CDPSession


class Tabs:
    """Pages for tests of galleries that many tests look at, each in the context that others of its kind had.

    The first page of a context costs a second of CPU: it starts a process, and reads fonts and modules anew.
    Nothing but these files stays for the next test: pages are closed, cookies and what pages stored are removed.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._kept: dict[str, Kept] = {}

    @contextmanager
    def looking(
        self, url: str, width: int = 1440, *, fails: Collection[str] = (), **options: Any
    ) -> Iterator[Page]:
        """Open a page for one test, as `looking` does."""
        key = repr((url, width, sorted(options.items())))
        if key not in self._kept:
            context = _new_context(self._browser, url, width, options)
            idle = context.new_page()
            self._kept[key] = Kept(context, idle, context.new_cdp_session(idle))
        kept = self._kept[key]
        page = kept.context.new_page()
        seen = watch(page, url, fails)
        try:
            yield page
            assert seen == Seen()
        finally:
            self._empty(kept, url)

    def _empty(self, kept: Kept, url: str) -> None:
        for page in kept.context.pages:
            if page is not kept.idle:
                page.close()
        kept.context.clear_cookies()
        kept.devtools.send(
            "Storage.clearDataForOrigin",
            {"origin": url, "storageTypes": "local_storage,indexeddb,service_workers,cache_storage"},
        )


@pytest.fixture(scope="package")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def looked_at(gallery: Served) -> Served:
    """The gallery that `page` and `wide` are of; a file of tests that looks at another one says which."""
    return gallery


@pytest.fixture(params=[1440, 360], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, tabs: Tabs, looked_at: Served) -> Iterator[Page]:
    """A page at both widths."""
    with tabs.looking(looked_at.url, request.param) as opened:
        yield opened


@pytest.fixture
def wide(tabs: Tabs, looked_at: Served) -> Iterator[Page]:
    with tabs.looking(looked_at.url) as opened:
        yield opened


@pytest.fixture(scope="session")
def of_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The gallery of a mirror of 2,400 works in 126 months, with the colours of their pictures."""
    root = many.make(tmp_path_factory.mktemp("many") / "root", 2_400)
    with closing(sqlite3.connect(catalogue_path(root))) as raw:
        raw.execute("UPDATE media SET state = 'waiting' WHERE role = 'ugoira'")  # there are no frames for them
        keys = raw.execute("SELECT sha256, min(owner_id) FROM media WHERE state = 'stored' GROUP BY 1").fetchall()
        raw.commit()
    many.index(root)
    with ThumbsDatabase.open(thumbs_path(root)) as db:
        db.run_sync(made, [Thumb(sha, key, 0, 0x336699, 300, 200, 0, 1) for sha, key in keys], 0)
    with serving(root) as served:
        yield served
