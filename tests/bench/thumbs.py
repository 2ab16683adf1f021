"""Scenario 7: thumbnails are made of pictures of 1500 x 2000, and kept beside a catalogue of 1,000,000 works.

The pictures are painted by chance, with as much in small things as in large ones, as drawings have. "a million" is
what the first pages of so many works take. What is asked of the catalogue is asked where every work has its
thumbnail: the lanes have to look at all of them to find that nothing is left to do.
"""

import io
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.catalogue.thumbs import Thumb, ThumbsDatabase, held, made, over_cap
from pixmirror.render.alike import Hashes
from pixmirror.render.worker import Decoder
from pixmirror.reports import thumbnails
from pixmirror.store.thumbnails import PREFIXES, write_thumbnail
from tests.bench import catalogues
from tests.bench.measure import Figure, Options, cpu_s

NAME = "thumbs"
MILLION = 1_000_000
SIZE = 1500, 2000
KINDS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 90}, "PNG": {}}


def scenario(options: Options) -> Iterator[Figure]:
    yield from _making(options, 2 if options.small else 40)
    yield from _keeping(options, 500 if options.small else MILLION)


def _making(options: Options, count: int) -> Iterator[Figure]:
    decoder = Decoder()
    with ThumbsDatabase.open(options.folder / "thumbs.db") as db:
        for kind, how in KINDS.items():
            pictures = [_painted(n, *((150, 200) if options.small else SIZE)) for n in range(min(count, 8))]
            files = [_encoded(picture, kind, how) for picture in pictures]
            for number in range(options.runs):
                options.say(f"{NAME}: {count} of {kind}, run {number + 1}")
                yield from _run(decoder, db, options.folder, kind, [files[n % len(files)] for n in range(count)])
    decoder.close()


def _run(decoder: Decoder, db: ThumbsDatabase, root: Path, kind: str, files: list[bytes]) -> Iterator[Figure]:
    """Make a thumbnail of each, from the stored file to the row."""
    sizes = []
    with tempfile.TemporaryFile() as file:  # the process is started
        file.write(files[0])
        file.seek(0)
        decoder.thumbnail(file.fileno())
    assert decoder.pid is not None
    began, before = time.perf_counter(), cpu_s(decoder.pid)
    for number, data in enumerate(files):
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            thumb = decoder.thumbnail(file.fileno())
        write_thumbnail(root, sha256 := f"{number:064x}", thumb.webp)
        size = len(thumb.webp)
        db.run_sync(made, [Thumb(sha256, 2, 0, thumb.colour, thumb.width, thumb.height, thumb.dhash, size)], 1)
        sizes.append(size)
    wall, cpu = time.perf_counter() - began, cpu_s(decoder.pid) - before
    subject = f"{kind} of {sum(map(len, files)) / len(files) / 1e6:.1f} MB"
    yield Figure(NAME, "thumbnails a second", subject, len(files) / wall, "")
    yield Figure(NAME, "CPU a thumbnail", subject, cpu * 1000 / len(files), "ms")
    yield Figure(NAME, "a thumbnail", subject, sum(sizes) / len(sizes) / 1000, "KB")
    yield Figure(NAME, "a million", subject, sum(sizes) / len(sizes) * MILLION / 1e9, "GB")


def _keeping(options: Options, works: int) -> Iterator[Figure]:
    root = options.folder / "mirror"
    catalogues.copied(catalogues.made(options.cache, works, say=options.say), root / "catalogue.db")
    options.say(f"{NAME}: a thumbnail for each of {works:,} works")
    _fill(root)
    size = (root / "thumbs.db").stat().st_size
    subject = f"{works:,} thumbnails"
    yield Figure(NAME, "thumbs.db", subject, size / 1e6, "MB")
    with open_shelves(root, 1) as shelves, ThumbsDatabase.open(root / "thumbs.db") as db:
        for number in range(options.runs):
            options.say(f"{NAME}: questions, run {number + 1}")
            hashes = Hashes()
            for what, do in _questions(shelves, db, hashes):
                began = time.process_time()
                do()
                yield Figure(NAME, what, subject, (time.process_time() - began) * 1000, "ms")


def _fill(root: Path) -> None:
    with ThumbsDatabase.open(root / "thumbs.db"):
        pass
    with closing(sqlite3.connect(root / "thumbs.db")) as raw, raw:
        raw.execute("ATTACH ? AS c", (str(root / "catalogue.db"),))
        raw.execute(
            """
INSERT INTO thumb (sha256, work_key, idx, colour, width, height, dhash, bytes, made_at, looked_at)
SELECT sha256, owner_id, idx, abs(random() % 16777216), 1500, 2000, random(), 30000, 1, abs(random() % 100)
FROM c.media WHERE owner_kind = 'work' AND idx = 0 AND state = 'stored' ORDER BY sha256"""
        )


def _questions(shelves: Shelves, db: ThumbsDatabase, hashes: Hashes) -> list[tuple[str, Callable[[], object]]]:
    def walk() -> None:
        place: tuple[int, int] | None = (thumbnails.TOP, 0)
        while place is not None:
            place = shelves.read_sync(thumbnails.downwards, place, True).after

    def load() -> None:
        with shelves.reading() as conn:
            for found in thumbnails.hashes(conn):
                hashes.add(found)

    def newest() -> None:
        shelves.read_sync(thumbnails.since, shelves.read_sync(thumbnails.last_stored), True)

    def tidy() -> None:
        for prefix in PREFIXES:
            shelves.read_sync(thumbnails.in_folder, prefix)

    return [
        ("CPU to look for first pages that lack one", walk),
        ("CPU to look for what has just come", newest),
        ("CPU to tidy all folders", tidy),
        ("CPU to add up the bytes", lambda: db.run_sync(held)),
        ("CPU to find what goes", lambda: db.run_sync(over_cap, db.run_sync(held) - 10**6)),
        ("CPU to read the hashes", load),
        ("CPU to find a picture by its dHash", lambda: hashes.works_near(Random(1).getrandbits(63), 200)),
    ]


def _encoded(picture: Image.Image, kind: str, how: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def _painted(seed: int, width: int, height: int) -> Image.Image:
    """Return a picture that has something at each scale: the smaller, the fainter."""
    rng = Random(seed)
    picture = Image.new("RGB", (width, height), "grey")
    edge = 3
    while edge < height:
        noise = Image.frombytes("RGB", (edge, edge), rng.randbytes(3 * edge * edge))
        layer = noise.resize((width, height), Image.Resampling.BICUBIC)
        picture = Image.blend(picture, layer, 1 / edge**0.4)
        edge *= 2
    return picture
