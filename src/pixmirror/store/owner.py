"""Whose mirror it is: a user who may not read it, or who would leave files in it that its owner cannot change,
is told so in a sentence before anything is touched.
"""

import os
import pwd
from pathlib import Path

from pixmirror.errors import NotOwner, StorageError
from pixmirror.store.start import IDENTITY, LOCK


def refuse_others(root: Path, *, to_write: bool) -> None:
    """Raise NotOwner where this user cannot work in the mirror of this folder, or must not: root in that of
    another user, who could not change what root writes. StorageError where the folder is a file.
    """
    me = os.geteuid()
    try:
        _refuse_file(root)
        owner = _owner(root)
    except PermissionError as error:
        raise NotOwner(
            f"The mirror's folder {root} lies in a folder that the user {_name(me)} may not look into: run "
            "pixmirror as the user to whom it belongs"
        ) from error
    if owner is None or owner == me:
        return
    if to_write if me == 0 else not _may(root, to_write):
        name = _name(owner)
        raise NotOwner(
            f"The mirror in {root} belongs to the user {name}, and this is {_name(me)}: run it as that user, as "
            f"with `sudo -u {name} pixmirror ...`"
        )


def _refuse_file(root: Path) -> None:
    """Raise StorageError where a file lies at this place, or on the way to it."""
    nearest = next(place for place in (root, *root.parents) if place.exists())
    if not nearest.is_dir():
        raise StorageError(f"{nearest} is not a folder; `mirror.root` names {root}: name a folder there")


def _owner(root: Path) -> int | None:
    """Return the user to whom the mirror belongs; None where there is none. Its own file tells more than the
    folder, which may have been made for it by somebody else.
    """
    for path in (root / IDENTITY, root):
        try:
            return path.stat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            if path == root:
                raise
    return None


def _may(root: Path, to_write: bool) -> bool:
    """Return whether we may read, or write, what is there of the mirror."""
    mode = os.R_OK | (os.W_OK if to_write else 0)
    files = [path for path in (root / LOCK if to_write else None, root / "catalogue.db") if path is not None]
    return os.access(root, mode | os.X_OK) and all(os.access(p, mode) for p in files if p.exists())


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
