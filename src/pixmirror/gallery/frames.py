"""The first frame of a ugoira, out of its zip. Pixiv stores frames as they are, but a zip may be anything."""

import zipfile
import zlib
from pathlib import Path

from pixmirror.gallery.asked import NotHere

MOST = 64 << 20  # bytes of one frame
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def first_frame(path: Path) -> tuple[bytes, str]:
    """Return the first frame and what kind of picture it is. NotHere where none can be shown."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            first = min(members, key=lambda member: member.filename, default=None)
            if first is None:
                raise NotHere("This ugoira has no frames.")
            with archive.open(first) as member:
                frame = member.read(MOST + 1)
    except (
        OSError,
        zipfile.BadZipFile,
        EOFError,
        ValueError,
        zlib.error,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise NotHere("The file of this ugoira cannot be read.") from error
    kind = next((kind for magic, kind in _KINDS.items() if frame.startswith(magic)), None)
    if kind is None or len(frame) > MOST:
        raise NotHere("The frames of this ugoira are no pictures.")
    return frame, kind
