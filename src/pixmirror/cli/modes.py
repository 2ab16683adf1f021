"""Who else may read what should be the user's alone; mended where it is ours to mend."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from pixmirror.cli import login
from pixmirror.cli.common import Session
from pixmirror.config import find_config, holds_a_secret, secret_files
from pixmirror.store import is_shared, kept_login

OTHERS = 0o007
ALL_BUT_OWNER = 0o077


def mended(s: Session) -> Iterator[str]:
    """Yield a sentence for each file or folder that others could read or change, after it was closed to them."""
    for path in _secrets(s):
        yield from _mend(path, ALL_BUT_OWNER if _owned(path) else OTHERS)
    for path in sorted(s.root.glob("*.db*")):
        yield from _mend(path, s.config.mirror.umask)
    if s.root.is_dir():
        yield from _folder(s.root, s.config.mirror.umask)


def _folder(root: Path, closed: int) -> Iterator[str]:
    if not is_shared(root):
        yield from _mend(root, closed, stat.S_ISDIR)
    elif stat.S_IMODE(root.stat().st_mode) & closed:
        yield f"{root} holds more than the mirror, and is open to others: give the mirror a folder of its own."


def _secrets(s: Session) -> Iterator[Path]:
    yield s.root / kept_login.FILE
    yield s.root / login.PENDING
    yield from secret_files(s.config)
    config = find_config(s.config_file)
    if holds_a_secret(config):
        yield config


def _owned(path: Path) -> bool:
    try:
        return path.stat().st_uid == os.geteuid()
    except OSError:
        return True


def _mend(path: Path, closed: int, is_kind: Callable[[int], bool] = stat.S_ISREG) -> Iterator[str]:
    """Close a file, or what `is_kind` knows: /tmp or /dev/null, named by mistake, serve others, too."""
    try:
        found = path.stat()
    except OSError:
        return
    mode = stat.S_IMODE(found.st_mode)
    if not mode & closed or not is_kind(found.st_mode):
        return
    who = "others" if mode & OTHERS & closed else "your group"
    can = "read" if not mode & closed & 0o022 else "change"
    said = f"{path} let {who} {can} it (mode {mode:04o})"
    try:
        path.chmod(mode & ~closed)
        left = stat.S_IMODE(path.stat().st_mode) & closed
    except OSError:
        left = closed
    if left:
        yield f"{said}, and that cannot be changed here: `chmod {mode & ~closed:04o}` as its owner, or move it."
    else:
        yield f"{said}; now it is closed to them (mode {mode & ~closed:04o})."
