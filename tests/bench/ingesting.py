"""New works by the page, in Japanese, and a process that records them beside what is measured."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pixmirror.catalogue.database import Database
from pixmirror.daemon.searching import Searching
from pixmirror.ingest.works import record_works
from pixmirror.models import Illust, Novel, Received
from tests.bench import catalogues
from tests.catalogue.builders import illust, seen, tag, user, works

PAGE = 30
LINKS = 10  # tags of a work
EVERY_S = 2.0  # as a polite daemon gets them

_TITLE = "夏の日の約束と星空の下で君を待つ物語、コーヒーとうきょうの魔法少女マーチ"
_CAPTION = (
    "見てくれてありがとうございます。今日は東京タワーで描いてみました。リクエストはこちらから！"
    "Thanks for looking. "
)

Page = list[Received[Illust | Novel]]


@contextmanager
def ingesting(root: Path, size: int) -> Iterator[None]:
    """Have another process record a page each EVERY_S seconds, and keep the search index up with it."""
    argv = [sys.executable, "-m", "tests.bench.ingesting", str(root), str(size)]
    with subprocess.Popen(argv) as child:
        try:
            yield
            assert child.poll() is None, "recording has ended"
        finally:
            child.terminate()


def pages_of(size: int, count: int, seed: int = 7) -> list[Page]:
    rng = random.Random(seed)
    artists, tags = max(1, size // catalogues.WORKS_OF_ARTIST), catalogues.tags_of(size)
    numbers = iter(range(10**9))
    pages = []
    for n in range(count):
        raws = []
        for i in range(PAGE):
            names = {f"タグ{int(tags * rng.random() ** 2)}" for _ in range(LINKS)}
            begin = rng.randrange(len(_TITLE) - 10)
            raws.append(
                illust(
                    catalogues.id_between(next(numbers), size),
                    title=_TITLE[begin : begin + 4 + rng.randrange(10)],
                    tags=[tag(name, f"tag number {name[2:]}" if int(name[2:]) % 3 else None) for name in names],
                    owner=user(rng.randrange(artists) + 1 if i % 3 else 60_000_000 + n * PAGE + i),
                    caption=(_CAPTION * 2)[rng.randrange(60) :][: rng.randrange(120)] if i % 2 else "",
                )
            )
        pages.append(works(*raws))
    return pages


def _record_for_ever(root: Path, size: int) -> None:
    with Database.open(root / "catalogue.db") as db, closing(Searching(root)) as searching:
        db.call_after_commits(searching.wake)
        for n, page in enumerate(pages_of(size, 500, round(time.time()))):
            db.run_sync(record_works, seen(catalogues.NOW + n, account_id=catalogues.ACCOUNT), page, {})
            time.sleep(EVERY_S)


if __name__ == "__main__":
    _record_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
