"""What Pixiv said, kept raw: packed small, and told apart by a digest that ignores counters and viewer flags.

Codec 1 is zlib with a preset dictionary. The dictionary of a codec never changes; a better one is a new codec.
"""

import hashlib
import json
import re
import zlib
from typing import Any

from pixmirror.catalogue.payload_dictionary import DICTIONARY_1

CODEC = 1
_DICTIONARIES = {1: DICTIONARY_1}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

# In JSON text a name is what stands between quotes before a colon; quotes inside strings are escaped, so this
# never meets a string's inside. A leading comma is taken along, else a following one.
_SCALAR = r'(?:-?[0-9.eE+-]+|true|false|null|"[^"\\]*")'
_NAME = r'"(?:total_[A-Za-z0-9_]+|is_bookmarked|is_followed|is_muted)"'
_VOLATILE = re.compile(rf",{_NAME}:{_SCALAR}|{_NAME}:{_SCALAR},?")


def canonical(obj: Any) -> str:
    return _encode(obj)


def digest_text(text: str) -> bytes:
    """The digest of canonical JSON text, without `total_*` and what depends on who looks."""
    return hashlib.sha256(_VOLATILE.sub("", text).encode("utf-8", "surrogatepass")).digest()[:16]


def digest(obj: Any) -> bytes:
    return digest_text(canonical(obj))


def pack_text(text: str) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 15, 8, zlib.Z_DEFAULT_STRATEGY, DICTIONARY_1)
    return packer.compress(text.encode("utf-8", "surrogatepass")) + packer.flush()


def pack(obj: Any) -> bytes:
    return pack_text(canonical(obj))


def unpack(codec: int, body: bytes) -> Any:
    unpacker = zlib.decompressobj(15, _DICTIONARIES[codec])
    text = unpacker.decompress(body) + unpacker.flush()
    return json.loads(text.decode("utf-8", "surrogatepass"))
