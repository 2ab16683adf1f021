"""One thumbnail from one file: bounded before anything is decoded, cut as the grid cuts it, never larger than the
original.

It reads what strangers have made, so it runs in a process of its own (decoder.py).
"""

import errno
import math
import struct
import warnings
import zipfile
import zlib
from io import BytesIO
from typing import BinaryIO

from PIL import (
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from pixmirror.render.frames import first_frame
from pixmirror.render.wire import NoThumbnail, Thumbnail

HEIGHT = 480  # pixels: a row of 220 on a screen of double density
NARROWEST, WIDEST = 0.45, 2.2  # as the grid has them, which is not loaded here; what lies beyond is cut
FROM_TOP, FROM_LEFT = 0.25, 0.5  # of what is cut, so much above and at the left: `object-position: 50% 25%`
MOST_PIXELS = 89_000_000  # just below what Pillow warns of: 360 MB decoded
QUALITY, METHOD = 80, 2
# No other is looked for: each is one more reader of strangers' bytes.
_FORMATS = (
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    GifImagePlugin.GifImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
)
_ZIP = b"PK\x03\x04"
# How to turn what lies as its EXIF orientation says.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = frozenset((5, 6, 7, 8))
# What Pillow, zipfile and lcms raise at bytes that are not as they should be.
_FAULTS = (
    *(OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, AssertionError),
    *(RuntimeError, SyntaxError, BufferError, MemoryError, struct.error, zlib.error, zipfile.BadZipFile),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


def make(file: BinaryIO) -> Thumbnail:
    """Return the thumbnail of a JPEG, PNG, GIF or WebP, or of the first frame in a zip. NoThumbnail.

    An OSError of the disk is raised as it is: the picture is not at fault.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF and the like
            return _make(file)
    except _FAULTS as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # EINVAL: a zip's false offset
            raise
        raise NoThumbnail(_why(error)) from error


def _make(file: BinaryIO) -> Thumbnail:
    head = file.read(len(_ZIP))
    file.seek(0)
    if not head:
        raise NoThumbnail("the file is empty")
    with Image.open(BytesIO(first_frame(file)) if head == _ZIP else file, formats=_FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise NoThumbnail(f"it has {opened.width} x {opened.height} pixels, more than are decoded")
        turn = opened.getexif().get(ExifTags.Base.Orientation, 1)
        width, height = opened.size[::-1] if turn in _ON_ITS_SIDE else opened.size
        small = _small(opened, turn, width, height)
    out = BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=METHOD)
    return Thumbnail(out.getvalue(), width, height, _colour(small), dhash(small))


def _small(opened: Image.Image, turn: int, width: int, height: int) -> Image.Image:
    """Return the part that a tile shows of a picture, small, in sRGB, on white."""
    left, top, right, bottom = _shown(width, height)
    scale = min(1.0, HEIGHT / (bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    # A JPEG decodes to a half, a quarter or an eighth at less cost: to the least that has all the pixels needed.
    opened.draft(opened.mode, (math.ceil(opened.width * scale), math.ceil(opened.height * scale)))
    profile = opened.info.get("icc_profile")
    picture = _opaque(opened)
    if turn in _TURNS:
        picture = picture.transpose(_TURNS[turn])
    part = picture.width / width  # of its size that was decoded
    box = left * part, top * part, min(right * part, picture.width), min(bottom * part, picture.height)
    return _as_srgb(picture.resize(size, Image.Resampling.BICUBIC, box, reducing_gap=2.0), profile)


def _shown(width: int, height: int) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what a tile shows of a picture of this size."""
    shown_width, shown_height = min(float(width), height * WIDEST), min(float(height), width / NARROWEST)
    left, top = (width - shown_width) * FROM_LEFT, (height - shown_height) * FROM_TOP
    return left, top, left + shown_width, top + shown_height


def _opaque(picture: Image.Image) -> Image.Image:
    """Return it as RGB, L or CMYK; what is transparent becomes white."""
    if picture.mode.startswith("I"):  # greys of 16 bits
        return picture.point(lambda grey: grey / 256).convert("L")
    if picture.has_transparency_data:
        clear = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        if clear.getchannel("A").getextrema() == (255, 255):
            return clear.convert("RGB")
        white = Image.new("RGB", clear.size, "white")
        white.paste(clear, mask=clear)
        return white
    return picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("RGB")


def _as_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return it in the colours that a page shows. A profile that is of no use is left out."""
    if profile:
        try:
            theirs = ImageCms.ImageCmsProfile(BytesIO(profile))
            turned = ImageCms.profileToProfile(picture, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None
        if turned is not None:
            return turned
    return picture.convert("RGB")


def _colour(picture: Image.Image) -> int:
    return int.from_bytes(picture.resize((1, 1), Image.Resampling.BOX).tobytes(), "big")


def dhash(picture: Image.Image) -> int:
    """Return 64 bits that hardly change with size and compression: in 8 rows of 9 greys, is each one brighter than
    the next?
    """
    greys = picture.convert("L").resize((9, 8), Image.Resampling.BILINEAR).tobytes()
    bits = 0
    for at in range(72):
        if at % 9 != 8:
            bits = bits << 1 | (greys[at] > greys[at + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def _why(error: BaseException) -> str:
    match error:
        case MemoryError():
            return "it takes more memory to decode than is allowed"
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return "it has more pixels than are decoded"
        case UnidentifiedImageError():
            return "it is no JPEG, PNG, GIF or WebP that can be read"
    said = " ".join(str(error).split())[:200]
    return f"it cannot be decoded: {said or type(error).__name__}"
