"""What the pages share while the gallery runs: its config, the catalogue, its own writer, and who may look."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from pixmirror.catalogue.database import catalogue_path
from pixmirror.catalogue.gallery.database import GalleryDatabase, gallery_path
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.clock import Clock
from pixmirror.config import Config
from pixmirror.errors import PixmirrorError
from pixmirror.gallery.login import Keys, Password
from pixmirror.gallery.sessions import IDLE_MS, Sessions
from pixmirror.gallery.undos import Undos
from pixmirror.models.addresses import Listen
from pixmirror.render.thumbs import Thumbs
from pixmirror.store import holding_gallery
from pixmirror.store.outside import unlocked


class NoMirror(PixmirrorError):
    """There is no catalogue yet: nothing was mirrored."""


@dataclass(slots=True)
class Gallery:
    """One mirror's gallery while it runs. `env` tells where its daemon's socket may lie."""

    config: Config
    env: Mapping[str, str]
    own: GalleryDatabase
    sessions: Sessions
    keys: Keys
    password: Password | None
    undos: Undos
    clock: Clock
    listen: Listen  # as it is bound: with its port, where any free one was asked for
    thumbs: Thumbs | None = None
    thumbs_begun: asyncio.Event = field(default_factory=asyncio.Event)  # or cannot be for now
    reread: Callable[[], Config] | None = None  # the config file as it is now
    read_at: int = 0  # when the configuration was read, ms UTC
    runs_with: str = ""  # why it is the earlier configuration with which the gallery runs; "" when it is not
    mirror_id: str = ""  # as it was at the start; "" for a mirror that was empty then
    problems: int = 0  # what needs the user, as the rail counts it
    _shelves: Shelves | None = None

    @property
    def root(self) -> Path:
        return self.config.mirror.root

    @property
    def media(self) -> Path:
        return self.config.mirror.media or self.root / "media"

    @property
    def shelves(self) -> Shelves:
        """The catalogue with the gallery's own files. NoMirror until there is one."""
        if not self.has_mirror():
            raise NoMirror("This mirror is empty: nothing was mirrored yet.")
        assert self._shelves is not None
        return self._shelves

    def has_mirror(self) -> bool:
        """Return whether there is a catalogue by now, and open it. CatalogueError for one of another version."""
        if self._shelves is None and catalogue_path(self.root).exists():
            self._shelves = open_shelves(self.root)
        return self._shelves is not None

    @property
    def is_locked(self) -> bool:
        """Whether a browser must be let in before it sees anything."""
        g = self.config.gallery
        is_open = self.listen.is_loopback and not g.trusted_proxies  # others come from it by a proxy
        return g.require_key or self.password is not None or not is_open

    @property
    def cookies(self) -> tuple[str, ...]:
        """The names that our cookie may have, the one that is given first. Browsers send it to all ports of a
        host, where another gallery may answer: it has the mirror's id, or the port while there is none.
        """
        by_port = f"pixmirror_{self.listen.port}"
        return (f"pixmirror_{self.mirror_id}", by_port) if self.mirror_id else (by_port,)

    @property
    def cookie(self) -> str:
        return self.cookies[0]

    def close(self) -> None:
        if self._shelves is not None:
            self._shelves.close()


@contextmanager
def open_gallery(
    config: Config,
    env: Mapping[str, str],
    password: str | None = None,
    clock: Clock | None = None,
    reread: Callable[[], Config] | None = None,
) -> Iterator[Gallery]:
    """Open the gallery of a mirror, which may still be empty. `password` is the hash of its password; `reread`
    reads the configuration again.

    MirrorLocked while another gallery has it; CatalogueError where catalogue or gallery.db are of another version.
    """
    clock, root = clock or Clock(), config.mirror.root
    m = config.mirror
    held = holding_gallery(root, umask=m.umask, on_share=m.root_on_share)
    with held, GalleryDatabase.open(gallery_path(root)) as own:
        here = Gallery(
            config, env, own, Sessions.open(own, clock, password, _idle_ms(config, password)), Keys(clock),
            Password(password, clock) if password else None, Undos(clock), clock, config.gallery.listen,
        )  # fmt: skip
        here.reread, here.read_at = reread, clock.now()
        here.mirror_id = unlocked(root, here.media).mirror_id
        try:
            here.has_mirror()
            yield here
        finally:
            here.close()


def _idle_ms(config: Config, password: str | None) -> int:
    """Return for how long a browser that nobody looks from stays let in."""
    lock = config.gallery.lock_after if password else None
    return IDLE_MS if lock is None else lock * 1000


def gallery(request: Request) -> Gallery:
    found: Gallery = request.app.state.gallery
    return found


def shelves(request: Request) -> Shelves:
    """Return the catalogue with the gallery's own files, to be asked questions of reports/."""
    return gallery(request).shelves


def writer(request: Request) -> GalleryDatabase:
    """Return the one writer of gallery.db: `await writer(request).run(fn, ...)` is one transaction."""
    return gallery(request).own
