"""What is forgotten is served no more, from that moment."""

from pathlib import Path

import httpx
import pytest

from tests.gallery.conftest import Served
from tests.gallery.readable import forget

NOW = 1_800_000_000_000
PICTURES = """
SELECT owner_id || '-' || sha256 FROM media
WHERE owner_kind = 'work' AND role = 'page' AND state = 'stored' AND owner_id IN (
  SELECT owner_id FROM media WHERE role = 'page' AND state = 'stored' GROUP BY owner_id HAVING count(*) > 1)
ORDER BY owner_id DESC, idx"""


@pytest.fixture
def pictures(own_gallery: Served) -> list[str]:
    """The names of all pages of one work of several, each with a thumbnail."""
    found = own_gallery.gallery.shelves.read_sync(lambda c: c.exec_driver_sql(PICTURES).scalars().all())
    mine = [name for name in found if name.partition("-")[0] == found[0].partition("-")[0]]
    for name in mine:
        place = thumbnail(own_gallery.root, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"small")
    return mine


def thumbnail(root: Path, name: str) -> Path:
    sha256 = name.partition("-")[2]
    return root / "thumbs" / sha256[:2] / f"{sha256}.webp"


def answers(served: Served, names: list[str]) -> list[tuple[int, int]]:
    with httpx.Client(base_url=served.url) as client:
        return [
            (client.get(f"/thumb/{name}.webp").status_code, client.get(f"/file/{name}.png").status_code)
            for name in names
        ]


def test_a_forgotten_work_is_served_no_more(own_gallery: Served, pictures: list[str]):
    key = int(pictures[0].partition("-")[0])
    assert answers(own_gallery, pictures) == [(200, 200)] * len(pictures)
    address = f'href="/w/{key >> 1}"'
    assert address in httpx.get(f"{own_gallery.url}/works", params={"at": key + 2}).text

    forget(own_gallery.root, *("work", key))

    assert answers(own_gallery, pictures) == [(404, 404)] * len(pictures)
    assert address not in httpx.get(f"{own_gallery.url}/works", params={"at": key + 2}).text
    assert thumbnail(own_gallery.root, pictures[0]).exists()  # it goes later, and is served no more


def test_of_a_forgotten_page_alone_the_picture_is_served_no_more(own_gallery: Served, pictures: list[str]):
    forget(own_gallery.root, *("page", int(pictures[0].partition("-")[0]), 1))
    assert answers(own_gallery, pictures) == [(404, 404) if n == 1 else (200, 200) for n in range(len(pictures))]
