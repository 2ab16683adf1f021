"""What Pixiv said, kept raw: packed small, and told apart by a digest that ignores counters and viewer flags.

Codec 1 is zlib with a preset dictionary. Codec 2 adds to that dictionary another payload of the same owner, of
codec 1: what another endpoint says of a work, and what a later version says, is mostly the same. The dictionary of
a codec never changes; a better one is a new codec.
"""

import hashlib
import json
import re
import zlib
from typing import Any

from pixmirror.catalogue.payload_dictionary import DICTIONARY_1

CODEC = 1
AGAINST = 2
LEGACY = "legacy"  # endpoint class, and evidence, of what only a dump of the dead APIs told
# Classes of payloads of a work in which Pixiv says nothing of its title, tags and pages: in all others it does. A
# dump lies beneath them all, whenever it was imported: it fills what nobody else told.
NO_CONTENT = frozenset({"stub", "webview", "ugoira", LEGACY})
# The body that a payload is packed against, beside its own.
BASE = "(SELECT b.body FROM payload b WHERE b.id = payload.base) AS base_body"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

# In JSON text a name is what stands between quotes before a colon; quotes inside strings are escaped, so this
# never meets a string's inside. A leading comma is taken along, else a following one.
_SCALAR = r'(?:-?[0-9.eE+-]+|true|false|null|"[^"\\]*")'
_NAME = r'"(?:total_[A-Za-z0-9_]+|is_bookmarked|is_followed|is_muted)"'
_VOLATILE = re.compile(rf",{_NAME}:{_SCALAR}|{_NAME}:{_SCALAR},?")
# A string, and an object whose values are scalars or such objects: what a user is. Nothing is tried twice.
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_FLAT = rf'\{{(?:[^{{}}"]++|{_STRING})*+\}}'
_OTHERS = (
    rf"{_NAME}:{_SCALAR}|"
    rf'"user":\{{(?:[^{{}}"]++|{_STRING}|{_FLAT})*+\}}|"translated_name":(?:null|{_STRING})'
    r'|"(?:event_banners|seasonal_effect_animation_urls)":(?:null|\[\])'
)
_OF_OTHERS = re.compile(rf",(?:{_OTHERS})|(?:{_OTHERS}),?")


def canonical(obj: Any) -> str:
    return _encode(obj)


def digest_text(text: str) -> bytes:
    """Return the digest of canonical JSON text, without `total_*` and what depends on who looks."""
    return hashlib.sha256(_VOLATILE.sub("", text).encode("utf-8", "surrogatepass")).digest()[:16]


def digest_work(text: str) -> bytes:
    """Return the digest of a work, also without what belongs to others: its user, and translations of its tags.

    What moves there (a new avatar, a translation, a banner) is kept with these, and is no new answer of each work.
    """
    return hashlib.sha256(_OF_OTHERS.sub("", text).encode("utf-8", "surrogatepass")).digest()[:16]


def digest(obj: Any) -> bytes:
    return digest_text(canonical(obj))


def pack_text(text: str) -> bytes:
    return _packed(text, DICTIONARY_1)


def pack_against(base: bytes, text: str) -> bytes | None:
    """Pack by codec 2 against `base`, a body of codec 1. None where that gains too little to depend on it."""
    try:
        dictionary = DICTIONARY_1 + _unpacked(base, DICTIONARY_1)
    except ValueError:
        return None  # what is garbled must not take what comes after it along
    packed = _packed(text, dictionary)
    return packed if len(packed) * 2 < len(base) else None


def _packed(text: str, dictionary: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 15, 8, zlib.Z_DEFAULT_STRATEGY, dictionary)
    return packer.compress(text.encode("utf-8", "surrogatepass")) + packer.flush()


def _unpacked(body: bytes, dictionary: bytes) -> bytes:
    unpacker = zlib.decompressobj(15, dictionary)
    try:
        return unpacker.decompress(body) + unpacker.flush()
    except zlib.error as error:
        raise ValueError(f"a payload that is garbled: {error}") from error


def unpack(codec: int, body: bytes, base: bytes | None = None) -> Any:
    """Unpack a body. `base`: the body that it is packed against, for codec 2. ValueError if it is garbled."""
    if codec not in (CODEC, AGAINST) or (codec == AGAINST) != (base is not None):
        raise ValueError(f"payload codec {codec} {'without' if base is None else 'with'} a base")
    dictionary = DICTIONARY_1 if base is None else DICTIONARY_1 + _unpacked(base, DICTIONARY_1)
    return json.loads(_unpacked(body, dictionary).decode("utf-8", "surrogatepass"))
