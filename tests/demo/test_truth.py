"""The truth is what somebody who reads every list and every page finds."""

import json
import re
from typing import Any

import pytest

from pixmirror.demo.generate import WorldSpec, generate
from tests.truth import STATES, Scope, truth

pytestmark = pytest.mark.anyio
Found = dict[tuple[str, int], dict[str, Any]]
RANKINGS = (("illust", "day", "2026-11-18"), ("novel", "week", "2026-11-19"))


async def crawl(client, read_all, me: int) -> Found:
    """Every work that lists of follows, bookmarks and rankings lead to, live ones in the words of detail."""
    found: Found = {}

    async def take(path: str, name: str, **query: object) -> list[dict[str, Any]]:
        items = [item for page in await read_all(client, path, **query) for item in page[name]]
        for item in items:
            found[name.removesuffix("s"), item["id"]] = item
        return items

    for restrict in ("public", "private"):
        for page in await read_all(client, "/v1/user/following", user_id=me, restrict=restrict):
            for preview in page["user_previews"]:
                await take("/v1/user/illusts", "illusts", user_id=preview["user"]["id"])
                await take("/v1/user/novels", "novels", user_id=preview["user"]["id"])
        for medium in ("illust", "novel"):
            await take(f"/v1/user/bookmarks/{medium}", f"{medium}s", user_id=me, restrict=restrict)
    for medium, mode, day in RANKINGS:
        await take(f"/v1/{medium}/ranking", f"{medium}s", mode=mode, date=day)
    return found


async def test_works_comments_and_people_are_what_the_lists_lead_to(login, read_all, now):
    world = generate(WorldSpec(works=300, commented=40), now)
    client = await login(world)
    found = await crawl(client, read_all, world.me)
    scope = Scope(rankings=RANKINGS)
    rows = {(r["medium"], r["id"]): r for kind in ("works", "novels") for r in truth(world, kind, scope)}
    assert set(rows) == set(found)
    people, comments = set(), set()
    for key, item in found.items():
        row = rows[key]
        assert (row["state"] == "live") == item["visible"]
        if not item["visible"]:
            continue
        for name in ("title", "page_count", "create_date", "x_restrict", "total_bookmarks", "total_view"):
            assert item[name] == row[name], (key, name)
        assert [t["name"] for t in item["tags"]] == row["tags"]
        assert (item["series"] or {"id": None})["id"] == row["series_id"]
        assert item["user"]["id"] == row["user_id"]
        people.add(row["user_id"])
        medium, number = key
        for page in await read_all(client, f"/v3/{medium}/comments", **{f"{medium}_id": number}):
            for root in page["comments"]:
                replies = []
                if root["has_replies"]:
                    pages = await read_all(client, f"/v2/{medium}/comment/replies", comment_id=root["id"])
                    replies = [reply for p in pages for reply in p["comments"]]
                comments |= {root["id"], *(reply["id"] for reply in replies)}
                people |= {c["user"]["id"] for c in (root, *replies) if c["user"]}
    assert {row["id"] for row in truth(world, "comments", scope)} == comments
    followed = {row["user_id"] for row in truth(world, "follows", scope)}
    assert {row["id"] for row in truth(world, "users", scope)} == people | followed


async def test_a_novels_row_has_the_text_of_the_page_and_its_pictures_are_files(login, now):
    world = generate(WorldSpec(), now)
    client = await login(world)
    embeds = 0
    for row in truth(world, "novels")[:40]:
        if row["state"] != "live":
            continue
        page = (await client.get(f"/webview/v2/novel?id={row['id']}&viewer_version=20221031_ai")).text
        start = page.index("novel: ") + len("novel: ")
        novel, end = json.JSONDecoder().raw_decode(page, start)
        assert page[end:].lstrip().startswith(",")
        assert "isOwnWork" in page[end : end + 40]
        assert novel["text"] == row["text"]
        numbers = re.findall(r"\[uploadedimage:(\d+)\]", row["text"])
        assert (novel["images"] == []) if not numbers else (set(novel["images"]) == set(numbers))
        embeds += len(numbers)
    assert embeds


def test_bookmarks_rankings_and_tags_say_what_the_world_holds(now):
    world = generate(WorldSpec(), now)
    marks = {(r["medium"], r["id"]): (r["restrict"], r["tags"]) for r in truth(world, "bookmarks")}
    assert marks == {key: (m.restrict, sorted(m.tags)) for key, m in world.bookmarks[world.me].items()}
    assert all(mark.restrict == "public" for mark in world.bookmarks[world.me].values()) is False
    public = truth(world, "bookmarks", Scope(bookmarks=("public",)))
    assert {row["restrict"] for row in public} == {"public"}
    ranked = truth(world, "rankings", Scope(rankings=RANKINGS, top=10))
    assert [row["rank"] for row in ranked] == [*range(1, 11), *range(1, 11)]
    tags = {row["name"]: row for row in truth(world, "tags")}
    assert tags["猫"]["translations"] == {"en": "cat"}
    assert tags["うちの子"]["translations"] == {}
    stubs = [row for kind in ("works", "novels") for row in truth(world, kind) if row["state"] != "live"]
    assert {row["state"] for row in stubs} <= set(STATES.values())
    assert {"unknown", "limited", "mypixiv"} <= {row["state"] for row in stubs}
