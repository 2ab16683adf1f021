"""The first frame of a ugoira, out of its zip. Pixiv stores frames as they are, but a zip may be anything.

Nothing here decodes, or loads what does.
"""

import zipfile
import zlib
from typing import BinaryIO

from pixmirror.render.wire import NoThumbnail

MOST_FRAME = 64 << 20  # bytes of a frame
MOST_NAMES = 10_000  # in a zip
ZIP_FAULTS = (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError)  # of one that is none


def first_frame(file: BinaryIO) -> bytes:
    """Return the frame whose name comes first. NoThumbnail where there is none; ZIP_FAULTS where it is no zip."""
    with zipfile.ZipFile(file) as archive:
        names = [info for info in archive.infolist()[:MOST_NAMES] if not info.is_dir()]
        if not names:
            raise NoThumbnail("the zip holds no frame")
        with archive.open(min(names, key=lambda info: info.filename)) as frame:
            data = frame.read(MOST_FRAME + 1)
    if len(data) > MOST_FRAME:
        raise NoThumbnail("the first frame has more bytes than are decoded")
    return data
