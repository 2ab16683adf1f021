"""The image hosts of the demo: what lies where, for whom, and for how long."""

import io
import zipfile
from hashlib import sha256

import pytest
from PIL import Image

from pixmirror.clock import DAY_MS
from pixmirror.demo.generate import WorldSpec, add_artist, empty_world, generate
from tests.truth import originals, truth

pytestmark = pytest.mark.anyio
REFERER = {"Referer": "https://app-api.pixiv.net/"}


def path_of(world, work) -> str:
    return originals(world, work)[0][2].removeprefix("https://i.pximg.net")


async def test_a_picture_needs_a_referer_of_pixiv_and_nothing_else(login, now):
    world = empty_world(now)
    add_artist(world, works=1)
    path = path_of(world, *world.works.values())
    client = await login(world)
    del client.headers["Authorization"]
    for referer in (None, "https://example.com/", "https://notpixiv.net.example/"):
        assert (await client.get(path, headers={"Referer": referer} if referer else {})).status_code == 403
    assert (await client.get(path, headers={"Referer": "https://www.pixiv.net/"})).status_code == 200
    answer = await client.get(path, headers=REFERER)
    assert answer.headers["content-type"] == "image/jpeg"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert (await client.get("/common/images/limit_unknown_360.png")).status_code == 200


async def test_every_url_that_json_names_is_a_picture_of_the_size_told(login, now):
    world = generate(WorldSpec(artists=3, others=1, private=1, works=60, short_pages=False), now)
    client = await login(world)
    listed = (await client.get("/v2/illust/follow?restrict=all")).json()["illusts"]
    assert {w["type"] for w in listed} == {"illust", "manga", "ugoira"}
    for work in listed[:20]:
        pages = [p["image_urls"] for p in work["meta_pages"]] or [
            work["image_urls"] | {"original": work["meta_single_page"]["original_image_url"]}
        ]
        assert len(pages) == work["page_count"]
        for urls in pages:
            for name, url in urls.items():
                body = (
                    await client.get(url.removeprefix("https://i.pximg.net"), headers=REFERER)
                ).raise_for_status()
                image = Image.open(io.BytesIO(body.content))
                image.load()
                assert {"JPEG": "jpg", "PNG": "png", "GIF": "gif"}[image.format or ""] == url.rpartition(".")[2]
                if name == "original":
                    assert image.size == (work["width"], work["height"])


async def test_a_ugoira_has_two_zips_whose_frames_are_those_of_its_metadata(login, now):
    world = empty_world(now)
    add_artist(world, works=0, ugoira=1, size=(200, 100))
    (work,) = world.works.values()
    client = await login(world)
    meta = (await client.get(f"/v1/ugoira/metadata?illust_id={work.id}")).json()["ugoira_metadata"]
    small = meta["zip_urls"]["medium"]
    for url, size in ((small, (200, 100)), (small.replace("600x600", "1920x1080"), (300, 150))):
        body = (
            (await client.get(url.removeprefix("https://i.pximg.net"), headers=REFERER)).raise_for_status().content
        )
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == [frame["file"] for frame in meta["frames"]]
            assert Image.open(archive.open("000000.jpg")).size == size


async def test_ranges_are_served_and_impossible_ones_refused(login, now):
    world = empty_world(now)
    add_artist(world, works=1)
    path = path_of(world, *world.works.values())
    client = await login(world)
    whole = (await client.get(path, headers=REFERER)).content
    for asked, got in (("bytes=100-", whole[100:]), ("bytes=0-9", whole[:10]), ("bytes=-7", whole[-7:])):
        answer = await client.get(path, headers=REFERER | {"Range": asked})
        assert (answer.status_code, answer.content) == (206, got)
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    refused = await client.get(path, headers=REFERER | {"Range": f"bytes={len(whole)}-"})
    assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    changed = {"Range": "bytes=5-", "If-Range": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert (await client.get(path, headers=REFERER | changed)).content == whole
    head = await client.head(path, headers=REFERER)
    assert (head.content, int(head.headers["content-length"])) == (b"", len(whole))
    assert head.headers["last-modified"] == "Fri, 20 Nov 2026 06:00:00 GMT"


async def test_replaced_files_get_a_new_path_and_the_old_one_is_404(login, now):
    world = empty_world(now)
    add_artist(world, works=0, manga=1, pages=2)
    (work,) = world.works.values()
    old = path_of(world, work)
    client = await login(world)
    before = (await client.get(old, headers=REFERER)).content
    new = path_of(world, world.replace_files(work, page_count=3))
    assert new != old
    assert (await client.get(old, headers=REFERER)).status_code == 404
    assert (await client.get(new, headers=REFERER)).content != before
    detail = (await client.get(f"/v1/illust/detail?illust_id={work.id}")).json()["illust"]
    assert (len(detail["meta_pages"]), detail["create_date"]) == (3, "2026-11-20T15:00:00+09:00")


async def test_files_of_a_deleted_work_stay_for_a_week(login, now):
    world = empty_world(now)
    add_artist(world, works=1)
    (work,) = world.works.values()
    path = path_of(world, work)
    client = await login(world)
    world.delete(work)
    now.advance(7 * DAY_MS / 1000)
    assert (await client.get(path, headers=REFERER)).status_code == 200
    now.advance(1)
    assert (await client.get(path, headers=REFERER)).status_code == 404


async def test_the_truth_names_the_very_bytes_that_are_served(login, now):
    world = generate(WorldSpec(artists=3, others=2, private=1, works=120, bookmarks=20), now)
    client = await login(world)
    rows = truth(world, "files")
    assert {row["role"] for row in rows} >= {"page", "ugoira", "cover"}
    for row in rows[:40] + rows[-10:]:
        body = (await client.get(row["url"].removeprefix("https://i.pximg.net"), headers=REFERER)).content
        assert (len(body), sha256(body).hexdigest()) == (row["size"], row["sha256"])


async def test_avatars_and_covers_of_lists_are_there(login, now):
    world = generate(WorldSpec(artists=8, others=2, private=1, works=80), now)
    client = await login(world)
    novels = (await client.get("/v1/novel/follow?restrict=all")).json()["novels"]
    people = [n["user"]["profile_image_urls"]["medium"] for n in novels]
    for url in [*people, *(url for n in novels[:5] for url in n["image_urls"].values())]:
        path = url.removeprefix("https://i.pximg.net").removeprefix("https://s.pximg.net")
        assert (await client.get(path, headers=REFERER)).status_code == 200, url
    series = next(s for s in world.series.values() if s.medium == "illust")
    detail = (await client.get(f"/v1/illust/series?illust_series_id={series.id}")).json()["illust_series_detail"]
    path = detail["cover_image_urls"]["medium"].removeprefix("https://i.pximg.net")
    assert (await client.get(path, headers=REFERER)).status_code == 200
