"""`open`: look at what is here, in the viewer of the desktop."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from pixmirror.catalogue import refs
from pixmirror.catalogue.refs import Ref
from pixmirror.cli import formats
from pixmirror.cli.common import note, say, session
from pixmirror.errors import NotHere, StorageAbsent
from pixmirror.reports import files


def open_(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(help="123, novel:123, user:123, or a URL.")],
    page: Annotated[
        int | None,
        typer.Option("--page", metavar="N", min=0, help="Only this page, counted from 0 as in names of files."),
    ] = None,
) -> None:
    """Look at a work's pictures, a novel's text or an artist's folder in the viewer of your desktop.

    The paths are printed. Where there is no desktop, as over SSH, that is all.

    \b
    Examples:
      pixmirror open 123456
      pixmirror open 123456 --page 2      123456_p2 only
      pixmirror open user:11
    """
    s, wanted = session(ctx), refs.parse_ref(ref)
    with s.reading() as db:
        if not db.read_sync(files.is_known, wanted):
            raise NotHere(f"{wanted} is not in this mirror; `pixmirror why {wanted}` says more.")
        paths = [s.media / path for path in db.read_sync(files.paths_of, wanted)]
    if page is not None:
        paths = _page(wanted, paths, page)
    if not s.media.is_dir():
        raise StorageAbsent(f"The media folder {s.media} is not there.")
    there = [path for path in paths if path.exists()]
    if not there:
        raise NotHere(f"No file of {wanted} is here; `pixmirror why {wanted}` says why.")
    for path in there:
        say(str(path))
    if lost := [path for path in paths if path not in there and path.suffix != ".txt"]:
        note(f"{formats.count(len(lost), 'file')} should be there, too: pixmirror verify --quick")
    if (viewer := _viewer(os.environ)) is not None:
        _start(viewer, there[0])


def _page(ref: Ref, paths: list[Path], page: int) -> list[Path]:
    """Return the file of one page, by its number and not by its place: others may not be here."""
    name = re.compile(rf"{ref.id}_p{page}(?:_\w+)?\.\w+")
    found = [path for path in paths if name.fullmatch(path.name)]
    if not found:
        raise NotHere(
            f"There is no page {page} of {ref} here (they count from 0); `pixmirror why {ref}` says why."
        )
    return found


def _viewer(env: Mapping[str, str]) -> str | None:
    """Return the program that opens a file as the desktop would; None without one, or without a screen."""
    if sys.platform == "darwin":
        return shutil.which("open")
    if not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
        return None
    return shutil.which("xdg-open", path=env.get("PATH"))


def _start(viewer: str, path: Path) -> None:
    """Start it and go: what it prints is none of ours, and Ctrl-C here does not end it."""
    try:
        started = subprocess.Popen(
            [viewer, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.returncode = 0  # nobody waits for it: it lives as long as the user looks
    except OSError as error:
        note(f"{viewer} cannot be started: {error.strerror}.")
