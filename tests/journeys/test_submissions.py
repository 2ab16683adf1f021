"""What is submitted is there: in one's own works, in the mirror, under its work; what is deleted is not."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.responses import HTMLResponse

from pixmirror import errors
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import World
from pixmirror.models import Illust
from pixmirror.pixiv import Client, blocking
from pixmirror.pixiv.app import commenting, comments, drafts, illusts, novels, site, submissions, users
from pixmirror.pixiv.hosts import ALLOWED_HOSTS
from pixmirror.sync.kinds import UserJob
from tests.faults import Exchange, Faults
from tests.standin import Setup
from tests.truth import Scope, truth

pytestmark = pytest.mark.anyio


@pytest.fixture
def world() -> World:
    made = empty_world()
    add_artist(made, works=2, novels=1)
    return made


@pytest.fixture
def url(world):
    with running(create_app(world)) as base:
        yield base


@pytest.fixture
async def pixiv(url):
    hosts = dict.fromkeys(ALLOWED_HOSTS, url)
    async with Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as client:
        await client.auth.token()
        yield client


@pytest.fixture
def pages(tmp_path) -> list[Path]:
    """Three pictures unlike each other, with every byte that a form could trip over."""
    found = []
    for number, (size, ending) in enumerate([((320, 200), "png"), ((64, 640), "png"), ((90, 90), "jpg")]):
        path = tmp_path / f"page {number} – 頁.{ending}"
        Image.radial_gradient("L").resize(size).save(path)
        path.write_bytes(
            path.read_bytes() + bytes(range(256)) + b"\r\n--\r\n" if ending == "jpg" else path.read_bytes()
        )
        found.append(path)
    return found


async def posted(pixiv: Client, pages: list[Path], **more: Any) -> Illust:
    ticket = await submissions.illust_upload(
        pixiv.app, "三枚", pages, "manga", "<b>説明</b>", ["風景", "夜"], **more
    )
    done = await submissions.upload_complete(pixiv.app, ticket.item.convert_key, every=0.01)
    assert done.item.illust_id
    return (await illusts.detail(pixiv.app, done.item.illust_id)).item


async def own_works(pixiv: Client, world: World) -> list[int]:
    return [received.item.id for received in (await users.illusts(pixiv.app, world.me)).items]


async def test_an_upload_is_a_work_of_ones_own_with_its_very_bytes(pixiv, world, pages):
    work = await posted(pixiv, pages, restrict="private", x_restrict="r18", is_sexual=True)
    assert await own_works(pixiv, world) == [work.id]
    assert (work.title, work.type, work.page_count, work.restrict, work.x_restrict) == ("三枚", "manga", 3, 2, 1)
    assert [tag.name for tag in work.tags] == ["風景", "夜"]
    assert (work.width, work.height, work.user and work.user.id) == (320, 200, world.me)
    saved = await pixiv.download_work(work, pages[0].parent)
    assert [path.read_bytes() for path in saved] == [page.read_bytes() for page in pages]
    small = await pixiv.download(work.meta_pages[1].image_urls.square_medium, pages[0].parent / "small.jpg")
    with Image.open(small) as picture:
        assert picture.size == (360, 360)
    assert work.id not in [r.item.id for r in (await illusts.new(pixiv.app)).items]  # private


async def test_what_is_uploaded_can_be_mirrored_and_is_what_the_mirror_holds(pixiv, world, url, pages, tmp_path):
    work = await posted(pixiv, pages)
    novel = (await submissions.novel_upload(pixiv.app, "夜の話", "　本文。\n[newpage]\n終", 3)).item
    job = UserJob(name="me", kind="user", every="1h", users=[world.me])
    setup = Setup(tmp_path / "mirror", url, (job,))
    assert (await setup.sync()).exit_code == 0
    scope = Scope(follows=(), bookmarks=(), users=(world.me,))
    for kind, count in (("works", 1), ("novels", 1), ("files", 4)):
        mine, theirs = setup.export(kind), truth(world, kind, scope)
        assert len(mine) == len(theirs) == count
        order: Callable[[dict[str, Any]], Any] = lambda row: (row["medium"], row["id"], row.get("page"))  # noqa: E731
        for row, true in zip(sorted(mine, key=order), sorted(theirs, key=order), strict=True):
            assert {key: row[key] for key in true} == true
    stored = {path.read_bytes() for path in (tmp_path / "mirror" / "media").rglob(f"{work.id}*") if path.is_file()}
    assert {page.read_bytes() for page in pages} <= stored
    assert [row["id"] for row in setup.export("novels")] == [novel.novel_id]


async def test_what_is_deleted_is_gone_for_everybody_and_stays_in_the_mirror(pixiv, world, url, pages, tmp_path):
    work = await posted(pixiv, pages)
    job = UserJob(name="me", kind="user", every="1h", users=[world.me])
    setup = Setup(tmp_path / "mirror", url, (job,))
    assert (await setup.sync()).exit_code == 0
    await submissions.illust_delete(pixiv.app, work.id)
    assert await own_works(pixiv, world) == []
    with pytest.raises(errors.NotFound):
        await illusts.detail(pixiv.app, work.id)
    with pytest.raises(errors.NotFound):
        await submissions.illust_delete(pixiv.app, work.id)
    assert (await setup.sync()).exit_code == 0
    assert [row["state"] for row in setup.export("files")] == ["stored"] * 3


async def test_nobody_deletes_the_works_of_others(pixiv, world):
    other = next(w for w in world.works.values() if w.medium == "illust")
    with pytest.raises(errors.Forbidden):
        await submissions.illust_delete(pixiv.app, other.id)
    assert (await illusts.detail(pixiv.app, other.id)).item.id == other.id


async def test_what_is_no_picture_is_refused_by_pixiv_itself(pixiv, world, tmp_path):
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"\x89PNG\r\n\x1a\n" + b"no picture")
    with pytest.raises(errors.InvalidRequest, match="must be pictures"):
        await submissions.illust_upload(pixiv.app, "a", [fake])
    with pytest.raises(errors.InvalidRequest, match="convert_key"):
        await submissions.upload_status(pixiv.app, "nonsense")
    assert await own_works(pixiv, world) == []


Reads = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize(
    ("medium", "add", "delete", "read"),
    [
        (
            "illust",
            commenting.illust_comment_add,
            commenting.illust_comment_delete,
            comments.illust_comments,
        ),
        ("novel", commenting.novel_comment_add, commenting.novel_comment_delete, comments.novel_comments),
    ],
)
async def test_comments_replies_and_stamps_stand_under_their_work(
    pixiv, world, medium, add: Reads, delete: Reads, read: Reads
):
    work = next(w for w in world.works.values() if w.medium == medium).id
    stamp_id = (await site.stamps(pixiv.app)).items[0].item.stamp_id
    root = (await add(pixiv.app, work, "すてき (heart)")).item
    reply = (await add(pixiv.app, work, "ありがとう", parent_comment_id=root.id)).item
    stamp = (await add(pixiv.app, work, stamp_id=stamp_id)).item
    assert (root.comment, root.user.id, stamp.stamp.stamp_id) == ("すてき (heart)", world.me, stamp_id)

    shown = [r.item for r in (await read(pixiv.app, work)).items]
    assert [(c.id, c.has_replies) for c in shown] == [(stamp.id, False), (root.id, True)]
    under = [r.item.id for r in (await comments.replies(pixiv.app, medium, root.id)).items]
    assert under == [reply.id]

    await delete(pixiv.app, reply.id)
    assert not (await comments.replies(pixiv.app, medium, root.id)).items
    for one in (root.id, stamp.id):
        await delete(pixiv.app, one)
    assert not (await read(pixiv.app, work)).items
    with pytest.raises(errors.NotFound):
        await delete(pixiv.app, root.id)
    theirs = world.comment((medium, work), world.works[medium, work].user_id, "mine")
    with pytest.raises(errors.Forbidden):
        await delete(pixiv.app, theirs.id)


async def test_a_draft_is_written_changed_and_posted(pixiv, world):
    first = (await drafts.add(pixiv.app, "題", "本文", 2, tags=["夜"], restrict="private", is_original=True)).item
    second = (await drafts.add(pixiv.app, "もう一つ", "文")).item
    await drafts.edit(pixiv.app, first.novel_draft_id, "新しい題", "長い" * 100, 11, "説明", x_restrict="r18")
    shown = [r.item for r in (await drafts.previews(pixiv.app)).items]
    assert [d.novel_draft_id for d in shown] == [first.novel_draft_id, second.novel_draft_id]
    assert (shown[0].title, shown[0].shortened_text) == ("新しい題", "長い" * 50)
    draft = (await drafts.detail(pixiv.app, first.novel_draft_id)).item
    assert (draft.text, draft.cover_id, draft.tags, draft.restrict) == ("長い" * 100, 11, (), "public")
    assert (draft.is_original, draft.x_restrict, draft.extra) == (False, "r18", {})

    novel = (
        await submissions.novel_upload(pixiv.app, draft.title, draft.text, draft_id=draft.novel_draft_id)
    ).item.novel_id
    left = [r.item.novel_draft_id for r in (await drafts.previews(pixiv.app)).items]
    assert left == [second.novel_draft_id]
    await drafts.delete(pixiv.app, second.novel_draft_id)
    with pytest.raises(errors.NotFound):
        await drafts.detail(pixiv.app, second.novel_draft_id)
    assert (await novels.text(pixiv.app, novel)).item.text == "長い" * 100


async def test_a_novel_is_posted_and_deleted(pixiv, world):
    covers = (await submissions.novel_covers(pixiv.app)).items
    assert [r.item.id for r in covers] == list(range(12))
    text = "　第一頁 & 二\r\n[newpage]\n終"
    got = await submissions.novel_upload(
        pixiv.app, "題", text, 11, "説明", ["夜"], "mypixiv", "none", True, novel_ai_type=2
    )
    novel = (await novels.detail(pixiv.app, got.item.novel_id)).item
    assert (novel.title, novel.restrict, novel.is_original, novel.novel_ai_type) == ("題", 1, True, 2)
    assert [r.item.id for r in (await users.novels(pixiv.app, world.me)).items] == [novel.id]
    assert (await novels.text(pixiv.app, novel.id)).item.text == text
    await submissions.novel_delete(pixiv.app, novel.id)
    assert not (await users.novels(pixiv.app, world.me)).items
    with pytest.raises(errors.NotFound):
        await novels.detail(pixiv.app, novel.id)


async def broken(exchange: Exchange) -> None:
    """Pixiv does it, and the connection breaks before it can say so."""
    await exchange.answer()
    exchange.connection.abort()


async def failed(exchange: Exchange) -> None:
    """Pixiv does it, and something on the way says that it failed."""
    await exchange.answer()
    await exchange.say(HTMLResponse("<h1>502 Bad Gateway</h1>", 502))


@pytest.mark.parametrize("lost", [broken, failed])
async def test_what_pixiv_did_without_saying_so_is_done_once_and_can_be_found_out(world, pages, lost):
    faults = Faults(create_app(world))
    work = next(w for w in world.works.values() if w.medium == "illust")
    with running(faults) as base:
        hosts = dict.fromkeys(ALLOWED_HOSTS, base)
        async with Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as pixiv:
            await pixiv.auth.token()
            faults.add("^/v1/(upload/illust|upload/novel|illust/comment/add)", lost)
            with pytest.raises(errors.UnclearOutcome, match=r"users\.illusts"):
                await submissions.illust_upload(pixiv.app, "三枚", pages)
            with pytest.raises(errors.UnclearOutcome, match=r"users\.novels"):
                await submissions.novel_upload(pixiv.app, "題", "本文")
            with pytest.raises(errors.UnclearOutcome, match=rf"comments\.illust_comments {work.id}"):
                await commenting.illust_comment_add(pixiv.app, work.id, "すてき")
            assert len(faults.asked("^/v1/(upload|illust/comment)")) == 3
            # and where the errors say to look, it is: once
            assert len(await own_works(pixiv, world)) == 1
            assert len((await users.novels(pixiv.app, world.me)).items) == 1
            assert len((await comments.illust_comments(pixiv.app, work.id)).items) == 1


def test_a_script_without_async_submits_too(world, url, pages):
    hosts = dict.fromkeys(ALLOWED_HOSTS, url)
    moved: list[int] = []
    with blocking.Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as pixiv:
        ticket = pixiv.submissions.illust_upload("a", pages, progress=lambda done, _: moved.append(done))
        done = pixiv.submissions.upload_complete(ticket.convert_key, every=0.01)
        assert done.illust_id
        comment = pixiv.commenting.illust_comment_add(done.illust_id, "a")
        draft = pixiv.drafts.add("a", "b")
        assert pixiv.drafts.detail(draft.novel_draft_id).text == "b"
        assert [found.id for found in pixiv.comments.illust_comments(done.illust_id)] == [comment.id]
        pixiv.submissions.illust_delete(done.illust_id)
        assert not pixiv.users.illusts(world.me).items
    assert moved[-1] == sum(page.stat().st_size for page in pages)


def test_a_form_that_is_cut_is_refused(url):
    head = {"Authorization": f"Bearer {_token(url)}", "Content-Type": "multipart/form-data; boundary=x"}
    whole = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\na\r\n--x--\r\n'
    for body in (whole[:-8], b"", b"--x"):
        got = httpx.post(f"{url}/v1/upload/illust", content=body, headers=head)
        assert got.status_code == 400
        assert "the form is cut" in got.text


def _token(url: str) -> str:
    hosts = dict.fromkeys(ALLOWED_HOSTS, url)
    with blocking.Client(hosts=hosts, only_mapped=True, requests_per_minute=0) as pixiv:
        return pixiv.authenticate(REFRESH_TOKEN).access_token
