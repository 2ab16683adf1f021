"""What the demo sends has the keys and the types of what Pixiv was recorded to send."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pixmirror.demo.generate import WorldSpec, generate

pytestmark = pytest.mark.anyio
RECORDED = Path(__file__).parents[2].parent / "shared/recorded"
if not RECORDED.is_dir():
    pytest.skip("no recorded responses here", allow_module_level=True)

# keys that the demo sends and a recording lacks, and why
EXTRA = {
    # younger than the recordings of their endpoint, in every illust or novel recorded since 2023, 2025 or 2026
    "illust_ai_type",
    "novel_ai_type",
    "illust_book_style",
    "comment_access_control",
    "restriction_attributes",
    "request",
    "event_banners",
    "seasonal_effect_animation_urls",
    "is_accept_request",
    "show_ai",
    "watchlist_added",
    # counters, which the tests that made some of the recordings strip
    "total_view",
    "total_bookmarks",
    "total_comments",
    "series_work_count",
    "content_count",
    # /v1/user/illusts: pixiv.md 3.3 has it, the recording of 2021 does not
    "user",
}
# keys that a recording has and the demo does not, and why
MISSING = {
    "is_access_blocking_user",  # 2023 only: no recording of 2026 has it
    "device_token",  # of the password login, gone since 2021
}

FILES = "app/v1-illust-detail__pixivts-{}--2026-06-15.json"
ILLUSTS = "/v1/illust/detail?illust_id={}"
CASES: list[tuple[str, str, tuple[str, ...]]] = [
    # demo path; the part of its answer; recordings of the same part
    ("/v1/illust/ranking?mode=day", "", ("app/v1-illust-ranking__pixivpy-2025-02-09.json",)),
    (ILLUSTS + "&kind=illust", "illust", (FILES.format("107565629-illust"),)),
    (ILLUSTS + "&kind=manga", "illust", (FILES.format("103905962-manga"),)),
    (ILLUSTS + "&kind=stub", "", ("app/v1-illust-detail__limit_sanity_level-pixivpy280.json",)),
    ("/v1/user/illusts?user_id={}", "", ("app/v1-user-illusts__azuline.json",)),
    ("/v1/user/following?user_id={me}", "", ("app/v1-user-following__azuline.json",)),
    (
        "/v1/user/detail?user_id={}",
        "",
        ("app/v1-user-detail__azuline.json", "app/v1-user-detail__shaft-UserDetailResponse.json"),
    ),
    (
        "/v1/user/bookmarks/illust?user_id={me}&restrict=public",
        "",
        ("app/v1-user-bookmarks-illust__azuline.json",),
    ),
    ("/v1/user/bookmark-tags/illust?user_id={me}", "", ("app/v1-user-bookmark-tags-illust__azuline.json",)),
    ("/v2/illust/follow?restrict=all", "", ("app/v2-illust-follow__azuline.json",)),
    ("/v2/illust/related?illust_id={}&kind=illust", "", ("app/v2-illust-related__pixivpy-2025-02-09.json",)),
    ("/v1/illust/recommended", "", ("app/v1-illust-recommended__pixivpy-2025-02-09.json",)),
    ("/v1/search/illust?word=a", "", ("app/v1-search-illust__azuline.json",)),
    ("/v1/trending-tags/illust", "", ("app/v1-trending-tags-illust__azuline.json",)),
    ("/v1/ugoira/metadata?illust_id={}&kind=ugoira", "", ("app/v1-ugoira-metadata__shaft-GifResponse.json",)),
    ("/v1/user/me/state", "", ("app/v1-user-me-state__shaft-UserState.json",)),
    ("/v2/illust/bookmark/detail?illust_id={}&kind=illust", "", ("app/v2-illust-bookmark-detail__azuline.json",)),
    (
        "/v2/novel/detail?novel_id={}&kind=novel",
        "novel",
        ("app/v2-novel-detail__pixivts-novelDetail-2025-04-27.json",),
    ),
    ("/v2/novel/series?series_id={}&kind=novels", "", ("app/v2-novel-series__shaft-ListNovelOfSeries.json",)),
    (
        "/v2/novel/series?series_id={}&kind=novels",
        "novel_series_detail",
        ("app/v2-novel-series__pixivts-novel_series_detail-2023-05-15.json",),
    ),
    (
        "/v1/illust/series?illust_series_id={}&kind=mangas",
        "illust_series_detail",
        ("app/v1-illust-series__pixivts-illust_series_detail-2023-05-15.json",),
    ),
    (
        "/v1/illust/series?illust_series_id={}&kind=mangas",
        "illust_series_first_illust",
        ("app/v1-illust-series__pixivts-illust_series_first_illust-2026-06-15.json",),
    ),
    ("/v1/novel/comments?novel_id={}&kind=commented", "", ("app/v1-illust-comments__azuline.json",)),
    ("/auth/token", "", ("oauth/auth-token__shaft-NewUser.json",)),
]


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text())


def shape(value: Any, path: str = "", found: dict[str, set[str]] | None = None) -> dict[str, set[str]]:
    """Path → names of the types that stand there; all items of a list are one."""
    found = {} if found is None else found
    found.setdefault(path, set()).add(type(value).__name__)
    if isinstance(value, dict):
        for key, item in value.items():
            shape(item, f"{path}.{key}", found)
    elif isinstance(value, list):
        for item in value:
            shape(item, f"{path}[]", found)
    return found


def beyond(some: dict[str, set[str]], others: dict[str, set[str]]) -> set[str]:
    """Keys that only `some` have, of objects that are not empty in `others`."""
    objects = {path.rpartition(".")[0] for path in others if "." in path}
    return {p for p in set(some) - set(others) if not p.endswith("[]") and p.rpartition(".")[0] in objects}


@pytest.fixture(scope="module")
def types() -> dict[str, set[str]]:
    """Key → the types that it has anywhere in the recordings."""
    found: dict[str, set[str]] = {}
    for file in [*RECORDED.glob("app/*.json"), *RECORDED.glob("oauth/*.json")]:
        for path, names in shape(json.loads(file.read_text())).items():
            found.setdefault(path.rpartition(".")[2], set()).update(names)
    return found


def fill(world, path: str) -> str:
    """The path with the id of a thing of its kind."""
    path, _, kind = path.partition("&kind=")
    works = [w for w in world.works.values() if w.state == "live"]
    series = {"novels": "novel", "mangas": "illust"}
    if kind in series:
        number = next(s.id for s in world.series.values() if s.medium == series[kind])
    elif kind == "commented":
        number = next(
            i for (m, i), t in world.threads.items() if m == "novel" and t and world.works[m, i] in works
        )
    elif kind == "stub":
        number = next(
            w.id for w in world.works.values() if w.state == "limit_sanity_level" and w.medium == "illust"
        )
    elif kind:
        number = next(w.id for w in works if w.type == kind)
    else:
        number = works[-1].user_id
    return path.format(number, me=world.me)


@pytest.mark.parametrize(("path", "part", "files"), CASES)
async def test_keys_and_types_are_those_recorded(login, now, types, path, part, files):
    world = generate(WorldSpec(short_pages=False), now)
    client = await login(world)
    if path == "/auth/token":
        form = {"client_id": "i", "client_secret": "s", "grant_type": "refresh_token"}
        answer = await client.post(path, data=form | {"refresh_token": "demo-refresh-token"})
    else:
        answer = await client.get(fill(world, path))
    body = answer.raise_for_status().json()
    ours = shape(body[part] if part else body)
    theirs: dict[str, set[str]] = {}
    for name in files:
        shape(recorded(name), found=theirs)
    assert {p for p in beyond(ours, theirs) if p.rpartition(".")[2] not in EXTRA} == set()
    assert {p for p in beyond(theirs, ours) if p.rpartition(".")[2] not in MISSING} == set()
    for where, names in ours.items():
        known = theirs.get(where, set()) | types.get(where.rpartition(".")[2], set())
        assert names <= known or where.rpartition(".")[2] in EXTRA, where


async def test_dates_and_urls_look_as_recorded(login, now):
    world = generate(WorldSpec(), now)
    client = await login(world)
    for work in (await client.get("/v2/illust/follow?restrict=all")).json()["illusts"]:
        created = datetime.fromisoformat(work["create_date"])
        assert (created.utcoffset() or now).total_seconds() == 9 * 3600
        assert created.microsecond == 0
        stem = f"{work['id']}" + ("" if work["type"] == "ugoira" else "_p0")
        assert work["image_urls"]["square_medium"].endswith(f"/{stem}_square1200.jpg")
        assert "/img-master/img/" in work["image_urls"]["large"]
