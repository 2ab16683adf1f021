"""Pictures that are the same, or nearly: all whose dHash differs in few bits."""

import re
import sys
import threading
from array import array
from collections.abc import Iterable

NEAR = 8  # bits of 64 in which the same picture may differ, in another size or quality
_FEW = re.compile(rb"[\x00-\x08]")  # up to NEAR
_BITS = (1 << 64) - 1
_AT_ONCE = 2048  # hashes in one number: few enough to stay in the processor's cache
_OF_PAIRS, _OF_FOURS, _OF_BYTES = (int.from_bytes(mask * 8 * _AT_ONCE) for mask in (b"\x55", b"\x33", b"\x0f"))


class Hashes:
    """The dHash and the work of every thumbnail, 16 bytes each: 10^6 are compared in 30 ms. For any thread."""

    def __init__(self, found: Iterable[tuple[int, int]] = ()) -> None:
        self._hashes = array("Q")
        self._keys = array("q")
        self._adding = threading.Lock()
        self.add(found)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, found: Iterable[tuple[int, int]]) -> None:
        """Add dHashes, each with the key of its work."""
        rows = list(found)
        with self._adding:
            self._keys.extend([key for _, key in rows])
            self._hashes.extend([dhash & _BITS for dhash, _ in rows])

    def works_near(self, dhash: int, most: int) -> list[int]:
        """Return the keys of works with a picture near this one, the nearest first."""
        found = sorted(near(self._hashes.tobytes(), dhash))[:most]
        return list(dict.fromkeys(self._keys[at] for _, at in found))


def distance(one: int, other: int) -> int:
    """Return in how many bits two hashes differ."""
    return ((one ^ other) & _BITS).bit_count()


def near(hashes: bytes, dhash: int) -> list[tuple[int, int]]:
    """Return distance and place of each of these hashes, 8 bytes of the machine's order, that is near this one.

    Thousands are compared at once, as the digits of one long number: its bits are counted in pairs, in fours, in
    bytes, and the eight bytes of each hash are added into its lowest.
    """
    found = []
    wanted = (dhash & _BITS).to_bytes(8, sys.byteorder)
    for start in range(0, len(hashes), 8 * _AT_ONCE):
        part = hashes[start : start + 8 * _AT_ONCE]
        x = int.from_bytes(part, "little") ^ int.from_bytes(wanted * (len(part) // 8), "little")
        x -= (x >> 1) & _OF_PAIRS
        x = (x & _OF_FOURS) + ((x >> 2) & _OF_FOURS)
        x = (x + (x >> 4)) & _OF_BYTES
        x += x >> 8
        x += x >> 16
        x += x >> 32
        counts = x.to_bytes(len(part), "little")[::8]
        found += [(counts[hit.start()], start // 8 + hit.start()) for hit in _FEW.finditer(counts)]
    return found
