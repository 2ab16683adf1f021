"""A gallery over a mirrored demo Pixiv, served on loopback, and Debian's Chromium to look at it with.

The mirror is made once a session; a test that changes it asks for `own_gallery`, which is a copy.
"""

import asyncio
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pixmirror.catalogue.shelves import open_shelves
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app as create_pixiv
from pixmirror.demo.server import running
from pixmirror.demo.world import World
from pixmirror.gallery.app import create_app
from pixmirror.gallery.place import Gallery
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
    """Copy a mirror; its files are links to the same ones."""
    shutil.copytree(root, to, copy_function=os.link)
    for database in to.glob("*.db"):  # what is written to is no link
        copy = database.read_bytes()
        database.unlink()
        database.write_bytes(copy)
    return to


@contextmanager
def serving(root: Path) -> Iterator[Served]:
    """Serve the gallery of a mirror on a free port of loopback."""
    shelves = open_shelves(root)
    gallery = Gallery(root, root / "media", shelves)
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(gallery), log_level="warning", lifespan="off", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=partial(server.run, sockets=[sock]), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(f"http://127.0.0.1:{sock.getsockname()[1]}", root, gallery)
    finally:
        server.should_exit = True
        thread.join()
        sock.close()
        shelves.close()


@pytest.fixture(scope="session")
def gallery(mirrored: Mirrored) -> Iterator[Served]:
    """The gallery of the session's mirror, to look at."""
    with serving(mirrored.root) as served:
        yield served


@pytest.fixture
def own_gallery(mirrored: Mirrored, tmp_path: Path) -> Iterator[Served]:
    """A gallery of a copy of the mirror, which the test may change."""
    with serving(copied(mirrored.root, tmp_path / "root")) as served:
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
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


@contextmanager
def looking(browser: Browser, url: str, width: int = 1440, **options: Any) -> Iterator[Page]:
    """Open a page for one test, which fails at its end if the page complained or asked anyone but the gallery."""
    seen = Seen()
    context: BrowserContext = browser.new_context(
        base_url=url, viewport={"width": width, "height": 900 if width > 700 else 740}, **options
    )
    page = context.new_page()
    page.on("console", lambda said: seen.console.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("request", lambda r: seen.outside.append(r.url) if not r.url.startswith((url, "data:")) else None)
    try:
        yield page
        assert seen == Seen()
    finally:
        context.close()


@pytest.fixture(params=[1440, 360], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, gallery: Served) -> Iterator[Page]:
    """A page of the session's gallery, at both widths."""
    with looking(browser, gallery.url, request.param) as opened:
        yield opened
