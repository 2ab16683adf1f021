"""The same picture, or nearly, found among a million others."""

from array import array
from random import Random

import pytest

from pixmirror.render.alike import NEAR, Hashes, distance, near

BITS = (1 << 64) - 1


def signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


def changed(bits: int, count: int, rng: Random) -> int:
    for place in rng.sample(range(64), count):
        bits ^= 1 << place
    return bits


@pytest.mark.parametrize("count", [0, 1, 2047, 2048, 2049, 5000])
def test_what_is_near_is_found_and_nothing_else(count: int) -> None:
    rng = Random(count)
    wanted = rng.getrandbits(64)
    hashes = [
        changed(wanted, rng.randrange(NEAR + 4), rng) if rng.random() < 0.05 else rng.getrandbits(64)
        for _ in range(count)
    ]
    counted = [((bits ^ wanted).bit_count(), at) for at, bits in enumerate(hashes)]

    assert near(array("Q", hashes).tobytes(), signed(wanted)) == [found for found in counted if found[0] <= NEAR]


@pytest.mark.parametrize("edge", [0, BITS, 1 << 63, 0x8080808080808080, 0x0101010101010101])
def test_no_bit_of_one_hash_counts_for_its_neighbours(edge: int) -> None:
    hashes = array("Q", [edge ^ BITS, edge, edge ^ BITS, edge ^ 1, edge ^ 1 << 63, edge ^ BITS])

    assert near(hashes.tobytes(), signed(edge)) == [(0, 1), (1, 3), (1, 4)]


def test_distances_do_not_mind_signs() -> None:
    assert distance(-1, 0) == 64
    assert distance(-1, (1 << 63) - 1) == 1
    assert distance(5, 5) == 0


def test_works_come_nearest_first_and_each_once() -> None:
    hashes = Hashes([(0b111, 10), (0, 20), (-1, 30)])
    hashes.add([(0b1, 10)])

    assert len(hashes) == 4
    assert hashes.works_near(0, 9) == [20, 10]
    assert hashes.works_near(-1, 9) == [30]
    assert hashes.works_near(0, 1) == [20]
