"""The first frame of a ugoira as a browser shows it."""

import os
from pathlib import Path

from pixmirror.errors import FileError
from pixmirror.gallery.asked import NotHere
from pixmirror.render import frames
from pixmirror.store.paths import open_stored

_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def first_frame(media: Path, path: str) -> tuple[bytes, str]:
    """Return the first frame and what kind of picture it is. NotHere where none can be shown."""
    try:
        with os.fdopen(open_stored(media, path), "rb") as file:
            frame = frames.first_frame(file)
    except (FileError, *frames.ZIP_FAULTS) as error:
        raise NotHere("The file of this ugoira cannot be read.") from error
    kind = next((kind for magic, kind in _KINDS.items() if frame.startswith(magic)), None)
    if kind is None:
        raise NotHere("The frames of this ugoira are no pictures.")
    return frame, kind
