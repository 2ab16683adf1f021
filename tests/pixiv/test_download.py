"""Saved files are whole under their name or not there, and a cut one is gone on with."""

import json
from pathlib import Path

import httpx
import pytest
import respx

from pixmirror import errors
from pixmirror.models import Illust, Novel
from pixmirror.pixiv import Size, download, download_work

pytestmark = pytest.mark.anyio
URL = "https://i.pximg.net/img-original/img/2025/03/04/05/06/07/9001_p0.png"
BODY = bytes(range(256)) * 40


def host(url=URL):
    """An image host that honours ranges and refuses who does not come from Pixiv."""

    def answer(request):
        assert request.headers["referer"].startswith("https://app-api.pixiv.net/")
        assert "authorization" not in request.headers
        start = request.headers.get("range", "")
        if not start:
            return httpx.Response(200, content=BODY, headers={"Content-Type": "image/png"})
        first = int(start.removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {first}-{len(BODY) - 1}/{len(BODY)}"
        return httpx.Response(
            206, content=BODY[first:], headers={"Content-Range": span, "Content-Type": "image/png"}
        )

    return respx.get(url__startswith=url).mock(side_effect=answer)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "9001_p0.png"),
        ({"prefix": "a-"}, "a-9001_p0.png"),
        ({"ext": "jpg"}, "9001_p0.jpg"),
        ({"ext": ".jpg"}, "9001_p0.jpg"),
        ({"ext": ""}, "9001_p0"),
    ],
)
@respx.mock
async def test_a_file_is_named_after_its_url(api, tmp_path, options, name):
    host()
    assert await download(api, URL, tmp_path, **options) == tmp_path / name
    assert (tmp_path / name).read_bytes() == BODY
    assert files(tmp_path) == [name]


@respx.mock
async def test_a_path_that_is_no_folder_is_the_file_itself(api, tmp_path, monkeypatch):
    host()
    assert await download(api.transport, URL, tmp_path / "mine.bin") == tmp_path / "mine.bin"
    monkeypatch.chdir(tmp_path)
    assert (await download(api, URL)).name == "9001_p0.png"
    assert files(tmp_path) == ["9001_p0.png", "mine.bin"]


@respx.mock
async def test_what_is_there_stays_unless_it_is_to_be_replaced(api, tmp_path):
    route = host()
    (tmp_path / "9001_p0.png").write_bytes(b"old")
    await download(api, URL, tmp_path)
    assert not route.called
    assert (tmp_path / "9001_p0.png").read_bytes() == b"old"
    await download(api, URL, tmp_path, replace=True)
    assert (tmp_path / "9001_p0.png").read_bytes() == BODY


@respx.mock
async def test_a_cut_file_is_not_there_and_is_gone_on_with(api, tmp_path):
    route = respx.get(URL)
    route.respond(content=BODY[:1000], headers={"Content-Length": str(len(BODY)), "Content-Type": "image/png"})
    with pytest.raises(errors.Damaged):
        await download(api, URL, tmp_path)
    assert not (tmp_path / "9001_p0.png").exists()
    (part,) = tmp_path.iterdir()
    assert part.read_bytes() == BODY[:1000]
    respx.clear()
    route = host()
    told: list[tuple[int, int | None]] = []
    await download(api, URL, tmp_path, progress=lambda done, total: told.append((done, total)))
    assert route.calls.last.request.headers["range"] == "bytes=1000-"
    assert (tmp_path / "9001_p0.png").read_bytes() == BODY
    assert files(tmp_path) == ["9001_p0.png"]
    assert told[0][0] > 1000
    assert told[-1] == (len(BODY), len(BODY))


@respx.mock
async def test_a_part_of_another_url_is_not_gone_on_with(api, tmp_path):
    newer = URL.replace("2025/03/04", "2025/09/09")
    respx.get(URL).respond(content=b"x", headers={"Content-Length": "9", "Content-Type": "image/png"})
    with pytest.raises(errors.Damaged):
        await download(api, URL, tmp_path)
    route = host(newer)
    await download(api, newer, tmp_path)
    assert "range" not in route.calls.last.request.headers
    assert (tmp_path / "9001_p0.png").read_bytes() == BODY


@respx.mock
async def test_the_referer_is_that_which_one_names(api, tmp_path):
    route = respx.get(URL).respond(content=BODY, headers={"Content-Type": "image/png"})
    await download(api, URL, tmp_path, referer="https://www.pixiv.net/artworks/9001")
    assert route.calls.last.request.headers["referer"] == "https://www.pixiv.net/artworks/9001"
    with pytest.raises(errors.InvalidRequest, match="referer"):
        await download(api, URL, tmp_path, referer="")


@respx.mock
async def test_what_the_disk_refuses_is_caught_as_python_names_it(api, tmp_path, load):
    host()
    work = Illust.model_validate(load("illust_detail")["illust"])
    for call in (
        download(api, URL, tmp_path / "none" / "x.png"),
        download(api, URL, f"{tmp_path}/none/"),
        download_work(api, work, tmp_path / "none"),
    ):
        with pytest.raises(FileNotFoundError) as caught:
            await call
        assert isinstance(caught.value, errors.StorageAbsent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", refused)
        with pytest.raises(PermissionError, match="Permission denied") as denied:
            await download(api, URL, tmp_path)
        assert isinstance(denied.value, errors.StorageError)


def refused(*args, **kwargs):
    raise PermissionError(13, "Permission denied")


def novel_page(images):
    novel = {
        "id": "9001",
        "userId": "501",
        "title": "a",
        "text": "　一行目\r\n[uploadedimage:55]",
        "images": images,
    }
    return f"<html><script>x = {{novel: {json.dumps(novel)}}}</script></html>"


@respx.mock
async def test_a_novel_is_saved_as_its_text_and_with_its_pictures_in_a_folder(api, tmp_path, load):
    host()
    novel = Novel.model_validate(load("novel_detail")["novel"])
    page = respx.get("https://app-api.pixiv.net/webview/v2/novel").respond(html=novel_page([]))
    assert await download_work(api, novel, tmp_path) == (tmp_path / "9001.txt",)
    assert (tmp_path / "9001.txt").read_bytes().decode() == "　一行目\r\n[uploadedimage:55]"
    page.respond(html=novel_page({"55": {"urls": {"240mw": "https://i.pximg.net/c/s.jpg", "original": URL}}}))
    saved = await download_work(api, novel, tmp_path, filename="mine")
    assert saved == (tmp_path / "mine" / "mine.txt", tmp_path / "mine" / "9001_p0.png")
    assert saved[1].read_bytes() == BODY
    (tmp_path / "9001.txt").write_text("old")
    page.respond(html=novel_page([]))
    await download_work(api, novel, tmp_path)
    assert (tmp_path / "9001.txt").read_text() == "old"
    await download_work(api, novel, tmp_path, replace=True)
    assert files(tmp_path) == ["9001.txt", "mine"]
    assert (tmp_path / "9001.txt").read_text() != "old"
    with pytest.raises(FileNotFoundError):
        await download_work(api, novel, tmp_path / "none")
    with pytest.raises(errors.InvalidRequest, match="AppApi"):
        await download_work(api.transport, novel, tmp_path)


@respx.mock
async def test_a_folder_that_is_not_there_and_names_that_lead_elsewhere_are_refused(api, tmp_path):
    with pytest.raises(errors.StorageAbsent, match="no folder"):
        await download(api, URL, tmp_path / "none" / "x.png")
    with pytest.raises(errors.InvalidRequest, match="name of a file"):
        await download(api, URL, tmp_path, prefix="../")
    with pytest.raises(errors.InvalidRequest, match="name of a file"):
        await download(api, "https://i.pximg.net/a/%2e%2e%2fx.png", tmp_path)
    with pytest.raises(errors.InvalidRequest, match="not one of Pixiv's hosts"):
        await download(api, "https://example.com/x.png", tmp_path)
    assert files(tmp_path) == []
    assert not respx.calls


def works(load):
    return [Illust.model_validate(row) for row in load("illusts")["illusts"]]


@respx.mock
async def test_one_page_is_a_file_and_many_are_a_folder(api, load, tmp_path):
    host("https://i.pximg.net/")
    single, several = (next(w for w in works(load) if bool(w.meta_pages) == many) for many in (False, True))
    (path,) = await download_work(api, single, tmp_path)
    assert path == tmp_path / f"{single.id}.png"
    paths = await download_work(api, several, tmp_path)
    assert len(paths) == len(several.meta_pages) > 1
    assert {path.parent for path in paths} == {tmp_path / str(several.id)}
    (named,) = await download_work(api, single, tmp_path, Size.SQUARE_MEDIUM, "small")
    assert named == tmp_path / "small.jpg"
    assert named.read_bytes() == BODY


@respx.mock
async def test_a_stub_and_an_unknown_size_are_refused(api, load, tmp_path):
    stub = Illust.model_validate(load("bookmarks")["illusts"][1])
    with pytest.raises(errors.InvalidRequest, match="no files"):
        await download_work(api, stub, tmp_path)
    with pytest.raises(errors.InvalidRequest, match="square_medium"):
        await download_work(api, works(load)[0], tmp_path, "huge")  # type: ignore[arg-type]
    with pytest.raises(errors.StorageAbsent):
        await download_work(api, works(load)[0], tmp_path / "none")
    assert not respx.calls


@respx.mock
async def test_a_file_that_was_replaced_between_two_tries_is_never_glued(api, tmp_path):
    head = {"Content-Length": str(len(BODY)), "Content-Type": "image/png", "ETag": '"a"'}
    respx.get(URL).respond(content=BODY[:1000], headers=head)
    with pytest.raises(errors.Damaged):
        await download(api, URL, tmp_path)
    respx.clear()
    new = BODY[::-1]
    route = respx.get(URL).respond(content=new, headers=head | {"ETag": '"b"'})
    await download(api, URL, tmp_path)
    request = route.calls.last.request
    assert (request.headers["range"], request.headers["if-range"]) == ("bytes=1000-", '"a"')
    assert (tmp_path / "9001_p0.png").read_bytes() == new
    assert files(tmp_path) == ["9001_p0.png"]
