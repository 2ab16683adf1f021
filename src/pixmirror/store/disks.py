"""Which kind of file system a folder lies on, as far as the system tells; never guessed."""

import re
from pathlib import Path

from pixmirror.errors import StorageError

MOUNTS = Path("/proc/self/mountinfo")
# Their locks, or the memory that SQLite shares through a file, may not hold between machines or at all.
_SHARES = frozenset(
    ("nfs", "nfs3", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "davfs", "glusterfs", "lustre",
     "ncpfs", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "fuse", "fuseblk")
)  # fmt: skip
_ESCAPED = re.compile(r"\\([0-7]{3})")


def kind_of(folder: Path, mounts: Path | None = None) -> str | None:
    """Return the kind of the file system of a folder, or of the nearest that is there; None: it is not told."""
    place = folder.absolute()
    place = next(p for p in (place, *place.parents) if p.exists()).resolve()
    found: tuple[int, str] | None = None
    try:
        lines = (mounts or MOUNTS).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    for line in lines:  # the last one that is mounted at a place is the one that is seen
        before, _, after = line.partition(" - ")
        words, kind = before.split(" "), after.split(" ", 1)[0]
        if len(words) < 5 or not kind:
            continue
        point = Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), words[4]))
        if place.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), kind
    return found[1] if found else None


def is_share(kind: str | None) -> bool:
    """Return whether SQLite cannot be sure of its locks on such a file system: a network's, or one of FUSE."""
    return kind is not None and (kind in _SHARES or kind.startswith("fuse."))


def refuse_share(root: Path, *, allowed: bool, mounts: Path | None = None) -> None:
    """Raise StorageError where the catalogue would lie on a network share or FUSE, unless that is `allowed`."""
    if not allowed and is_share(kind := kind_of(root, mounts)):
        raise StorageError(
            f"the mirror's root {root} lies on {kind}, where SQLite may damage the catalogue: put it on a local "
            "disk, and only the media (`mirror.media`) on a share; or set `mirror.root_on_share = true` if its "
            "locks are known to work"
        )
