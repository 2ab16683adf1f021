"""Every recorded answer of Pixiv is read without loss, where the folder (kept outside this repository) is."""

import json
import re
from pathlib import Path

import pytest

from pixmirror import errors
from pixmirror.models import UserPreview
from pixmirror.pixiv.app import endpoints as app_endpoints
from pixmirror.pixiv.failures import classify, error_text
from pixmirror.pixiv.lossless import lost
from pixmirror.pixiv.reading import account, along, listing, one, preview_works
from pixmirror.pixiv.tokens import read_token, rejection
from pixmirror.pixiv.wire import Answer, Request

RECORDED = Path(__file__).parents[2].parent / "shared" / "recorded"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded responses are not here")


def endpoint(path):
    """The endpoint that the notes name for a file."""
    row = next(line for line in (RECORDED / "INDEX.md").read_text().splitlines() if f"| app/{path.name} |" in line)
    named = row.split("|")[3]
    found = re.search(r"/v\d/[\w/-]+", named)
    return app_endpoints.endpoint(found[0] if found else named.split()[0])


APP = sorted((RECORDED / "app").glob("*.json")) if RECORDED.is_dir() else []


def load(path):
    return json.loads(path.read_text())


def shape(path):
    """Key and model; a key of None: a bare object (a part of an answer)."""
    kind = app_endpoints.ANSWERS[endpoint(path)]
    part = app_endpoints.part_of(load(path), kind)
    return (kind.key, kind.model) if part is None else (None, type(part))


def received(path):
    key, model = shape(path)
    payload = load(path)
    if "__value__" in payload:  # only the text itself was recorded
        payload = {"novel_text": payload["__value__"]}
    if key is None:
        return [one({"it": payload}, "it", model, path.name)]
    if key in payload and isinstance(payload[key], list):
        page = listing(payload, key, model, path.name)
        assert page.broken == ()
        return list(page.items)
    return [one(payload, key, model, path.name)]


def leaves(value, at=""):
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from leaves(child, f"{at}.{key}".lstrip("."))
    elif isinstance(value, list) and value:
        for i, child in enumerate(value):
            yield from leaves(child, f"{at}[{i}]")
    else:
        yield at


@pytest.mark.parametrize("path", APP, ids=lambda p: p.stem)
def test_each_recorded_answer_is_read_with_nothing_lost(path):
    for item in received(path):
        assert list(lost(item.item, item.raw)) == []


def test_models_read_nearly_everything_of_what_was_recorded():
    total = extra = 0
    for path in APP:
        for item in received(path):
            unread = item.item.extra
            total += sum(1 for _ in leaves(item.raw))
            extra += sum(sum(1 for _ in leaves(value)) for value in unread.values())
    assert extra / total < 0.02


@pytest.mark.parametrize("path", [p for p in APP if shape(p)[1] is UserPreview], ids=lambda p: p.stem)
def test_works_that_come_along_with_users_are_read_too(path):
    for item in received(path):
        works = preview_works(item.item)
        assert works.broken == ()
        assert len(works.illusts) + len(works.novels) == len(item.raw["illusts"]) + len(item.raw["novels"])


def test_the_recorded_placeholder_is_no_work():
    path = RECORDED / "app" / "v1-illust-detail__limit_sanity_level-pixivpy280.json"
    work = received(path)[0].item
    assert work.is_stub
    assert work.originals == ()


@pytest.mark.parametrize("path", APP, ids=lambda p: p.stem)
def test_what_stands_beside_a_list_is_kept_and_its_works_are_read(path):
    key, model = shape(path)
    payload = load(path)
    if key is None or not isinstance(payload.get(key), list):
        return
    page = listing(payload, key, model, path.name)
    kept = {**page.head, key: payload[key]}
    assert kept == {name: value for name, value in payload.items() if name != "next_url"}
    works = along(page)
    assert works.broken == ()
    assert len(works.illusts) == len(payload.get("ranking_illusts", ()))
    assert len(works.novels) == sum(bool(payload.get(f"novel_series_{end}_novel")) for end in ("first", "latest"))


@pytest.mark.parametrize("path", sorted((RECORDED / "oauth").glob("auth-token__*.json")), ids=lambda p: p.stem)
def test_each_recorded_login_names_an_account(path):
    read = account(load(path))
    assert read.item.id == read_token(load(path), 0).user_id
    assert read.item.account
    assert read.item.profile_image_urls
    assert read.item.profile_image_urls.px_170x170
    assert set(read.item.extra) <= {"profile_image_urls.px_16x16", "profile_image_urls.px_50x50"}


@pytest.mark.parametrize("path", sorted((RECORDED / "oauth").glob("auth-token__*.json")), ids=lambda p: p.stem)
def test_each_recorded_token_answer_gives_a_token(path):
    token = read_token(load(path), 0)
    assert token.user_id > 0
    assert token.expires_at == 3_600_000
    assert token.refresh_token


@pytest.mark.parametrize("path", sorted((RECORDED / "oauth").glob("auth-token-error*.json")), ids=lambda p: p.stem)
def test_each_recorded_refusal_names_its_cause(path):
    body = path.read_bytes()
    failure = classify(
        Answer(400, "application/json", body), Request("POST", "oauth.secure.pixiv.net", "/auth/token")
    )
    assert type(failure) is errors.InvalidRequest
    cause = str(rejection(error_text(body), "refresh_token"))
    assert ("103" in cause) == (b"103:" in body)
    assert ("revoked" in cause) == (b"Invalid refresh token" in body)


@pytest.mark.parametrize("path", sorted((RECORDED / "oauth").glob("account*.json")), ids=lambda p: p.stem)
def test_an_answer_of_another_endpoint_is_not_taken_for_a_token(path):
    with pytest.raises(errors.BadResponse):
        read_token(load(path), 0)
