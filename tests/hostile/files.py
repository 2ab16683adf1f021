"""Files that are no picture, or one that would do harm. Each is refused with its reason, in one short sentence;
whatever decodes it goes on with the next.
"""

import struct
import zipfile

from tests.render.files import chunk, encoded, png, scene, zipped


def _hostile() -> dict[str, bytes]:
    jpeg = encoded(scene(1), "JPEG", quality=90)
    whole = encoded(scene(2), "PNG")
    gif = encoded(scene(3).convert("P"), "GIF")
    webp = encoded(scene(4), "WEBP")
    frames = zipped({"000000.jpg": jpeg})
    return {
        "nothing": b"",
        "one byte": b"\xff",
        "a web page": b"<!DOCTYPE html><title>403</title>",
        "garbage": bytes(range(256)) * 40,
        "the first bytes of a JPEG": jpeg[:3],
        "half a JPEG": jpeg[: len(jpeg) // 2],
        "half a PNG": whole[: len(whole) // 2],
        "half a GIF": gif[: len(gif) // 2],
        "half a WebP": webp[: len(webp) // 2],
        "a PNG whose data are not packed": png(60, 60, chunk(b"IDAT", b"no zlib at all")),
        "a PNG without data": png(60, 60),
        "a PNG of 3.6 thousand million pixels": png(60_000, 60_000, chunk(b"IDAT", b"")),
        "a PNG of 2^62 pixels": png(2**31 - 1, 2**31 - 1, chunk(b"IDAT", b"")),
        "a PNG without height": png(60, 0, chunk(b"IDAT", b"")),
        "a PNG of a kind that is none": png(60, 60, chunk(b"IDAT", b""), kind=5),
        "a JPEG of 65,500 pixels square": _claiming(jpeg, 65_500, 65_500),
        "a GIF of 65,535 pixels square": gif[:6] + b"\xff\xff\xff\xff" + gif[10:],
        "a zip of nothing": zipped({}),
        "a zip of folders": zipped({"a/": b"", "b/": b""}),
        "a zip of texts": zipped({"animation.json": b"{}"}),
        "a zip in a zip": zipped({"000000.jpg": frames}),
        "half a zip": frames[: len(frames) // 2],
        "a zip that unpacks to 80 MB": zipped({"0.jpg": bytes(80 << 20)}, zipfile.ZIP_DEFLATED),
        "a zip whose frame lies elsewhere": _elsewhere(frames),
        "a zip of a bomb": zipped({"0.png": png(60_000, 60_000, chunk(b"IDAT", b""))}),
        "a TIFF": encoded(scene(5), "TIFF"),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%stdout) (w) file (x) writestring\n",
        "a picture by name alone": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    }


def _claiming(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def _elsewhere(archive: bytes) -> bytes:
    """Return a zip whose directory says that its member begins far behind its end."""
    at = archive.rindex(b"PK\x01\x02") + 42
    return archive[:at] + struct.pack("<I", 0x7FFFFFF0) + archive[at + 4 :]


HOSTILE = _hostile()
