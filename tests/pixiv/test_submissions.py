"""What submitting promises: the form that Pixiv takes, limits before anything is sent, one POST and never a
second, and an error that says how to find out where the outcome is not clear.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from pixmirror import errors
from pixmirror.pixiv import AppApi, Auth, Pacer, Transport
from pixmirror.pixiv.app import commenting, drafts, limits, submissions
from pixmirror.pixiv.tokens import read_token
from tests.pixiv.conftest import FIXTURES

pytestmark = pytest.mark.anyio
HOST = "app-api.pixiv.net"
BASE = f"https://{HOST}"
PICTURES = [FIXTURES / "pictures" / name for name in ("0.png", "1.png", "2.jpg")]
NOVEL: dict[str, Any] = {"title": "題", "text": "本文"}
COMMENT: dict[str, Any] = {"comment": {"id": 5, "comment": "すてき"}}

# Every submission: the function, what it takes, and the answer that it hopes for.
ALL: list[tuple[Any, dict[str, Any], str, dict[str, Any]]] = [
    (submissions.illust_upload, {"title": "題", "files": PICTURES}, "/v1/upload/illust", {"convert_key": "k"}),
    (submissions.illust_delete, {"illust_id": 5}, "/v1/illust/delete", {}),
    (submissions.novel_upload, NOVEL, "/v1/upload/novel", {"novel_id": 5}),
    (submissions.novel_delete, {"novel_id": 5}, "/v1/novel/delete", {}),
    (drafts.add, NOVEL, "/v1/upload/novel/draft", {"novel_draft_id": 5}),
    (drafts.edit, {"draft_id": 5, **NOVEL}, "/v1/edit/novel/draft", {}),
    (drafts.delete, {"draft_id": 5}, "/v1/user/novel/draft/delete", {}),
    (commenting.illust_comment_add, {"illust_id": 5, "comment": "a"}, "/v1/illust/comment/add", COMMENT),
    (commenting.novel_comment_add, {"novel_id": 5, "stamp_id": 301}, "/v1/novel/comment/add", COMMENT),
    (commenting.illust_comment_delete, {"comment_id": 5}, "/v1/illust/comment/delete", {}),
    (commenting.novel_comment_delete, {"comment_id": 5}, "/v1/novel/comment/delete", {}),
]
NAMES = [f"{function.__module__.rpartition('.')[2]}.{function.__name__}" for function, *_ in ALL]
each = pytest.mark.parametrize(("function", "args", "path", "answer"), ALL, ids=NAMES)
LOST = [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError]


def form(request):
    return parse_qsl(request.content.decode(), keep_blank_values=True)


def parts(request):
    """(name, file name, type, content) of each part of a multipart form."""
    kind, _, boundary = request.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    found = []
    for piece in request.content.split(b"--" + boundary.encode())[1:-1]:
        head, _, body = piece.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        said = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        names = dict(p.split("=", 1) for p in said["Content-Disposition"].split("; ")[1:])
        found.append(
            (names["name"].strip('"'), names.get("filename", "").strip('"'), said.get("Content-Type"), body)
        )
    return found


# The wire -----------------------------------------------------------------------------------------------


@respx.mock
async def test_an_upload_is_a_multipart_form_with_the_files_in_order(api):
    route = respx.post(f"{BASE}/v1/upload/illust").respond(json={"convert_key": "key"})
    moved = []
    got = await submissions.illust_upload(
        api, "題", PICTURES, "manga", "説明", ["風景", "夜"], "mypixiv", "r18", True,
        progress=lambda done, total: moved.append((done, total)),
    )  # fmt: skip
    assert got.item.convert_key == "key"
    sent = parts(route.calls[0].request)
    assert [(name, body.decode()) for name, file, _, body in sent if not file] == [
        ("title", "題"),
        ("caption", "説明"),
        ("type", "manga"),
        ("restrict", "mypixiv"),
        ("x_restrict", "r18"),
        ("is_sexual", "true"),
        ("tags[]", "風景"),
        ("tags[]", "夜"),
    ]
    assert [row for row in sent if row[1]] == [
        ("files[]", "0.png", "image/png", PICTURES[0].read_bytes()),
        ("files[]", "1.png", "image/png", PICTURES[1].read_bytes()),
        ("files[]", "2.jpg", "image/jpeg", PICTURES[2].read_bytes()),
    ]
    total = sum(p.stat().st_size for p in PICTURES)
    assert moved[-1] == (total, total)
    assert len(moved) == 3
    assert int(route.calls[0].request.headers["content-length"]) == len(route.calls[0].request.content)


async def test_a_large_file_goes_in_pieces_and_is_never_held_whole(clock, load, serve, tmp_path):
    large = tmp_path / "large.png"
    large.write_bytes(PICTURES[0].read_bytes() + bytes(5_000_000))
    seen = []

    async def handler(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        while length:
            chunk = await reader.read(min(length, 65_536))
            length -= len(chunk)
            seen.append(len(chunk))
        body = b'{"convert_key": "k"}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()

    moved = []
    async with serve(handler) as url, dialled(clock, load, url) as api:
        await submissions.illust_upload(api, "a", [large], progress=lambda done, _: moved.append(done))
    steps = [b - a for a, b in zip([0, *moved], moved, strict=False)]
    assert max(steps) <= 64 * 1024
    assert moved[-1] == large.stat().st_size < sum(seen)


def dialled(clock, load, url):
    """An API that is logged in and whose requests go to a server of our own."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def made():
        pacer = Pacer(clock, per_minute=0)
        async with Transport(clock, pacer, hosts={HOST: url}, only_mapped=True, trust_env=False) as transport:
            yield AppApi(transport, Auth(transport, token=read_token(load("token"), clock.now())))

    return made()


@respx.mock
async def test_a_novel_and_its_drafts_have_one_form(api):
    answers = {"novel_id": 7, "novel_draft_id": 8}
    for path in ("/v1/upload/novel", "/v1/upload/novel/draft", "/v1/edit/novel/draft"):
        respx.post(f"{BASE}{path}").respond(json=answers)
    whole: dict[str, Any] = {
        "cover_id": 11,
        "caption": "説明",
        "tags": ["夜"],
        "restrict": "private",
        "x_restrict": "r18g",
    }
    posted = await submissions.novel_upload(api, **NOVEL, **whole, is_original=True, novel_ai_type=1, draft_id=8)
    saved = await drafts.add(api, **NOVEL, **whole, is_original=True)
    await drafts.edit(api, 8, **NOVEL, **whole, is_original=True)
    assert (posted.item.novel_id, saved.item.novel_draft_id) == (7, 8)
    common = [
        *(("title", "題"), ("caption", "説明"), ("cover_id", "11"), ("text", "本文"), ("restrict", "private")),
        *(("x_restrict", "r18g"), ("tags[]", "夜"), ("is_original", "1")),
    ]
    novel, draft, edited = (form(call.request) for call in respx.calls)
    assert novel == [*common, ("novel_ai_type", "1"), ("draft_id", "8")]
    assert draft == common
    assert edited == [("draft_id", "8"), *common]


@respx.mock
async def test_a_reply_and_a_stamp_name_their_fields_alike_for_illusts_and_novels(api):
    for medium, add in (("illust", commenting.illust_comment_add), ("novel", commenting.novel_comment_add)):
        route = respx.post(f"{BASE}/v1/{medium}/comment/add").respond(json=COMMENT)
        got = await add(api, 5, "すてき", parent_comment_id=9)
        assert got.item.id == 5
        await add(api, 5, stamp_id=301)
        reply, stamp = (form(call.request) for call in route.calls)
        assert reply == [(f"{medium}_id", "5"), ("comment", "すてき"), ("parent_comment_id", "9")]
        assert stamp == [(f"{medium}_id", "5"), ("stamp_id", "301")]


@respx.mock
async def test_every_submission_waits_for_its_turn(clock, load):
    respx.post(f"{BASE}/v1/upload/illust").respond(json={"convert_key": "k"})
    async with Transport(clock, Pacer(clock, per_minute=30), trust_env=False) as transport:
        api = AppApi(transport, Auth(transport, token=read_token(load("token"), clock.now())))
        for _ in range(3):
            await submissions.illust_upload(api, "a", PICTURES)
        assert transport.counts.api == 3
    assert sum(clock.sleeps) == pytest.approx(4, abs=0.1)


# Limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "args", "said"),
    [
        (submissions.illust_upload, {"title": "あ" * 33}, "title has 33 characters; Pixiv takes 32"),
        (submissions.illust_upload, {"caption": "あ" * 3001}, "3000"),
        (submissions.illust_upload, {"tags": [str(n) for n in range(11)]}, "tags are 11; Pixiv takes 10"),
        (submissions.illust_upload, {"tags": ["あ" * 31]}, "30"),
        (submissions.illust_upload, {"files": []}, "files"),
        (submissions.illust_upload, {"files": [FIXTURES / "token.json"]}, "no JPEG, PNG or GIF"),
        (submissions.illust_upload, {"files": [FIXTURES / "absent.png"]}, "cannot be read"),
        (submissions.illust_upload, {"files": [FIXTURES]}, "cannot be read"),
        (submissions.illust_upload, {"is_sexual": None}, "is_sexual"),
        (submissions.novel_upload, {"title": "あ" * 101}, "100"),
        (submissions.novel_upload, {"text": "あ" * 300_001}, "300000"),
        (submissions.novel_upload, {"caption": "あ" * 3001}, "3000"),
        (submissions.novel_upload, {"cover_id": 12}, "cover_id"),
        (submissions.novel_upload, {"cover_id": None}, "cover_id"),
        (drafts.add, {"text": "あ" * 300_001}, "300000"),
        (drafts.edit, {"tags": [str(n) for n in range(11)]}, "10"),
        (commenting.illust_comment_add, {"stamp_id": 301}, "not both"),
        (commenting.novel_comment_add, {"stamp_id": None}, "must be given"),
    ],
)
@respx.mock
async def test_known_limits_are_checked_before_anything_is_sent(api, function, args, said):
    good = next(taken for known, taken, *_ in ALL if known is function)
    with pytest.raises(errors.InvalidRequest, match=said):
        await function(api, **(good | args))
    assert not respx.calls


@respx.mock
async def test_the_files_of_a_work_have_room_for_so_many_bytes_together(api, tmp_path):
    half = tmp_path / "half.png"
    half.write_bytes(PICTURES[0].read_bytes())
    with half.open("r+b") as file:
        file.truncate(limits.ALL_FILES // 2)
    with pytest.raises(errors.InvalidRequest, match="fewer than 31457280"):
        await submissions.illust_upload(api, "a", [half, half])
    assert not respx.calls


@respx.mock
async def test_just_as_much_as_pixiv_takes_is_sent(api):
    respx.post(f"{BASE}/v1/upload/illust").respond(json={"convert_key": "k"})
    respx.post(f"{BASE}/v1/upload/novel").respond(json={"novel_id": 5})
    tags = [f"{n}" * 30 for n in range(10)]
    await submissions.illust_upload(api, "あ" * 32, PICTURES, caption="い" * 3000, tags=tags)
    await submissions.novel_upload(api, "あ" * 100, "う" * 300_000, 0, "い" * 3000, tags)
    assert len(respx.calls) == 2


# Outcomes -----------------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("status", [500, 502, 503, 504])
@respx.mock
async def test_a_failure_of_pixiv_leaves_the_outcome_unclear_and_nothing_is_sent_twice(
    api, function, args, path, answer, status
):
    route = respx.post(f"{BASE}{path}").respond(status)
    with pytest.raises(errors.UnclearOutcome) as caught:
        await function(api, **args)
    assert route.call_count == 1
    assert caught.value.request == f"POST {path}"
    assert caught.value.find_out in str(caught.value)
    assert "pixmirror api" in caught.value.find_out or "under its work" in caught.value.find_out
    assert (caught.value.exit_code, caught.value.passing) == (8, False)


@each
@pytest.mark.parametrize("failure", LOST)
@respx.mock
async def test_a_lost_answer_leaves_the_outcome_unclear_and_nothing_is_sent_twice(
    api, function, args, path, answer, failure
):
    def lost(request):
        request.read()
        raise failure("lost", request=request)

    route = respx.post(f"{BASE}{path}").mock(side_effect=lost)
    with pytest.raises(errors.UnclearOutcome):
        await function(api, **args)
    assert route.call_count == 1


@each
@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ConnectTimeout])
@respx.mock
async def test_what_never_reached_pixiv_is_no_riddle(api, function, args, path, answer, failure):
    route = respx.post(f"{BASE}{path}").mock(side_effect=failure("no way"))
    with pytest.raises(errors.NotSent, match=path):
        await function(api, **args)
    assert route.call_count == 1


@each
@pytest.mark.parametrize("body", ["", "{", "[]", '"x"'])
@respx.mock
async def test_an_answer_that_says_nothing_leaves_the_outcome_unclear(api, function, args, path, answer, body):
    route = respx.post(f"{BASE}{path}").respond(200, text=body, headers={"content-type": "application/json"})
    if answer == {} and body in ("[]", '"x"'):
        assert await function(api, **args) is None  # 200 and JSON: done
    else:
        with pytest.raises(errors.UnclearOutcome):
            await function(api, **args)
    assert route.call_count == 1


@each
@pytest.mark.parametrize(("status", "error"), [(200, errors.UnclearOutcome), (403, errors.UnexpectedPage)])
@respx.mock
async def test_a_web_page_is_unclear_only_if_it_says_that_all_went_well(
    api, function, args, path, answer, status, error
):
    route = respx.post(f"{BASE}{path}").respond(status, html="<!DOCTYPE html><html>maintenance</html>")
    with pytest.raises(error):
        await function(api, **args)
    assert route.call_count == 1


@each
@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "title is too long", errors.InvalidRequest),
        (403, "Rate Limit", errors.RateLimited),
        (403, "no", errors.Forbidden),
        (404, "Work has been deleted or the ID does not exist.", errors.NotFound),
        (429, "", errors.RateLimited),
    ],
)
@respx.mock
async def test_a_refusal_is_clear(api, function, args, path, answer, status, message, error):
    route = respx.post(f"{BASE}{path}").respond(status, json={"error": {"message": message}})
    with pytest.raises(error):
        await function(api, **args)
    assert route.call_count == 1


@respx.mock
async def test_an_upload_refused_for_its_old_token_is_sent_whole_with_the_new_one(clock, load):
    """A refusal is no outcome that may have happened."""
    expired = {"error": {"message": "Error occurred at the OAuth process. Please check your Access Token."}}
    token = load("token")
    respx.post("https://oauth.secure.pixiv.net/auth/token").respond(json=token)
    route = respx.post(f"{BASE}/v1/upload/illust").mock(
        side_effect=[httpx.Response(400, json=expired), httpx.Response(200, json={"convert_key": "k"})]
    )
    async with Transport(clock, Pacer(clock, per_minute=0), trust_env=False) as transport:
        auth = Auth(transport, refresh_token="r", token=read_token(token, clock.now()))
        await submissions.illust_upload(AppApi(transport, auth), "a", PICTURES)
    first, second = ([p[3] for p in parts(call.request)] for call in route.calls)
    assert first == second
    assert len(first) == 6 + len(PICTURES)


@pytest.mark.parametrize("when", ["after the body", "in the body"])
async def test_a_real_connection_cut_is_unclear_only_if_the_body_was_whole(clock, load, serve, tmp_path, when):
    large = tmp_path / "large.png"
    large.write_bytes(PICTURES[0].read_bytes() + bytes(25_000_000))
    heads = []

    async def handler(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        heads.append(head)
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        await reader.readexactly(length if when == "after the body" else 1000)
        writer.transport.abort()

    expected = errors.UnclearOutcome if when == "after the body" else errors.NotSent
    async with serve(handler) as url, dialled(clock, load, url) as api:
        with pytest.raises(expected):
            await submissions.illust_upload(api, "a", [large])
    assert len(heads) == 1


@pytest.mark.parametrize("change", ["shorter", "longer"])
@respx.mock
async def test_a_file_that_changes_while_it_is_sent_is_refused(api, tmp_path, change):
    file = tmp_path / "a.png"
    file.write_bytes(PICTURES[0].read_bytes() + bytes(200_000))

    def meddle(done, total):
        if change == "shorter":
            file.write_bytes(b"")
        else:
            with file.open("ab") as more:
                more.write(bytes(100_000))

    respx.post(f"{BASE}/v1/upload/illust").respond(json={"convert_key": "k"})
    with pytest.raises(errors.InvalidRequest, match="changed while it was sent"):
        await submissions.illust_upload(api, "a", [file], progress=meddle)


@respx.mock
async def test_no_secret_is_in_an_unclear_outcome(api):
    respx.post(f"{BASE}/v1/upload/novel").respond(500)
    with pytest.raises(errors.UnclearOutcome) as caught:
        await submissions.novel_upload(api, "題", "本文")
    token = await api.auth.access_token()
    assert token not in str(caught.value)


# Waiting for an upload ----------------------------------------------------------------------------------


def statuses(*bodies):
    answers = [b if isinstance(b, (httpx.Response, Exception)) else httpx.Response(200, json=b) for b in bodies]
    return respx.post(f"{BASE}/v1/upload/status").mock(side_effect=answers)


@respx.mock
async def test_an_upload_is_asked_about_until_it_is_complete(api, clock):
    route = statuses(
        {"status": "RUNNING", "illust_id": None}, {"status": "OTHER"}, {"status": "COMPLETE", "illust_id": 5}
    )
    got = await submissions.upload_complete(api, "key", every=2)
    assert got.item.illust_id == 5
    assert clock.sleeps == [2, 2]
    assert [form(call.request) for call in route.calls] == [[("convert_key", "key")]] * 3


@respx.mock
async def test_asking_goes_on_over_failures_that_pass(api):
    route = statuses(httpx.Response(502), httpx.ReadTimeout("slow"), {"status": "COMPLETE", "illust_id": 5})
    assert (await submissions.upload_complete(api, "key")).item.illust_id == 5
    assert route.call_count == 3


@respx.mock
async def test_an_upload_that_takes_too_long_names_its_last_status(api):
    route = respx.post(f"{BASE}/v1/upload/status").respond(json={"status": "CONVERTING"})
    with pytest.raises(errors.UnclearOutcome, match=r"after 10 s.*CONVERTING.*upload_complete key"):
        await submissions.upload_complete(api, "key", timeout=10, every=3)
    assert route.call_count == 4


@pytest.mark.parametrize("status", ["FAILED", "convert_error"])
@respx.mock
async def test_an_upload_that_failed_is_not_waited_for(api, status):
    route = statuses({"status": status})
    with pytest.raises(errors.UploadFailed) as caught:
        await submissions.upload_complete(api, "key")
    assert caught.value.status == status
    assert route.call_count == 1


@pytest.mark.parametrize("args", [{"timeout": 0}, {"every": -1}, {"every": True}, {"timeout": float("inf")}])
@respx.mock
async def test_waiting_must_have_an_end(api, args):
    with pytest.raises(errors.InvalidRequest):
        await submissions.upload_complete(api, "key", **args)
    assert not respx.calls


@respx.mock
async def test_an_unknown_draft_is_read_with_what_it_lacks(api):
    detail = {"novel_draft_id": 5, "title": "", "is_original": 1, "tags": [], "cover_id": 0, "new": 1}
    respx.get(f"{BASE}/v1/user/novel/draft/detail").respond(json={"novel_draft": detail})
    got = await drafts.detail(api, 5)
    assert (got.item.is_original, got.item.text, got.item.extra) == (True, "", {"new": 1})
    assert json.loads(json.dumps(got.raw)) == detail
