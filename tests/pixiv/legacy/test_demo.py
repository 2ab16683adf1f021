"""What the demo answers as the dead APIs did is read back to the truth of its world."""

import re
from html import unescape

import pytest

from pixmirror.demo import addresses
from pixmirror.demo.web import COOKIE
from pixmirror.demo.world import LIVE
from pixmirror.models import Novel, NovelText
from pixmirror.pixiv.legacy import papi, rows, spapi
from pixmirror.pixiv.legacy.dumps import read_dump
from pixmirror.pixiv.legacy.papi import Page, Show
from pixmirror.pixiv.legacy.spapi import Also

SESSION = COOKIE.removeprefix("PHPSESSID=")
ME = Also(session=SESSION)


def entries(answer, name=""):
    assert answer.status_code == 200, answer.text
    return list(read_dump(answer.content, name))


def artist(world):
    sizes = {user: len(ids) for (user, medium), ids in world.by_user.items() if medium == "illust"}
    return max(sizes, key=lambda user: sizes[user])


def live(world, medium, **wanted):
    works = (w for w in world.works.values() if w.medium == medium and w.state == LIVE)
    return [w for w in works if all(getattr(w, name) == value for name, value in wanted.items())]


def all_pages(ask, build):
    found, p = [], 1
    while (answer := ask(build(Also(p=p, session=SESSION)))).content:
        found += entries(answer)
        p += 1
    return found


def test_spapi_works_are_read_back_to_the_world(ask, world):
    """Kind, times, tags, counts, rating, pages and the address of the first original."""
    kinds = set()
    for entry in all_pages(ask, spapi.new_illust):
        item = entry.item
        work = world.works["illust", item.id]
        assert type(item).__name__ == "Illust"
        assert (item.title, item.caption, item.x_restrict) == (work.title, work.caption, work.x_restrict)
        assert (item.user.id, item.user.name) == (work.user_id, world.users[work.user_id].name)
        assert int(item.create_date.timestamp() * 1000) == work.create_ms // 1000 * 1000
        assert [tag.name for tag in item.tags] == [tag.replace(" ", "_") for tag in work.tags]
        assert (item.total_view, item.total_bookmarks) == (work.total_view, work.total_bookmarks)
        assert item.page_count == work.page_count
        assert (item.type == "ugoira") == (work.type == "ugoira")
        assert (item.type == "manga") == (work.type == "manga" or work.page_count > 1)
        told = work.id % 2 == 0 or work.type == "ugoira" or work.file_ms == work.create_ms
        assert ("replaced" in entry.trouble) == (not told)
        if told:
            assert item.originals[0] == addresses.originals(world, work)[0]
        kinds.add((item.type, bool(entry.trouble)))
    assert {"illust", "manga", "ugoira"} == {kind for kind, _ in kinds}
    assert {True, False} == {doubtful for _, doubtful in kinds}


def test_spapi_novels_are_read_back_with_their_series(ask, world):
    novels = [e.item for e in entries(ask(spapi.new_novel(ME)), "new_novel.php")]
    assert novels
    for novel in novels:
        work = world.works["novel", novel.id]
        assert isinstance(novel, Novel)
        assert (novel.title, novel.series.id if novel.series else 0) == (work.title, work.series_id)
    series = next(s for s in world.series.values() if s.medium == "novel")
    found = [e.item.id for e in entries(ask(spapi.novel_series(series.id, ME)))]
    assert found == [i for i in series.works if world.works["novel", i].state == LIVE]


def test_spapi_pages_hold_fifty_and_a_count_says_how_many_there_are(ask, world):
    user = artist(world)
    whole = [e.item.id for e in all_pages(ask, lambda also: spapi.member_illust(user, also))]
    assert len(whole) == len(set(whole)) == len(world.by_user[user, "illust"])
    assert ask(spapi.member_illust(user, Also(count=True, session=SESSION))).text == str(len(whole))
    (count,) = entries(ask(spapi.member_illust(user, Also(count=True, session=SESSION))))
    assert count.item is None
    assert len(entries(ask(spapi.new_illust(ME)))) == spapi.PAGE_ROWS


def test_r18_and_deleted_works_are_an_empty_answer_without_a_session(ask, world):
    (adult,) = live(world, "illust", x_restrict=1)
    deleted = next(w for w in world.works.values() if w.medium == "illust" and w.state == "deleted")
    for request in (spapi.illust([adult.id]), spapi.illust([deleted.id], ME)):
        (entry,) = entries(ask(request))
        assert (entry.item, entry.raw) == (None, [])
    (entry,) = entries(ask(spapi.illust([adult.id], ME)))
    assert (entry.item.id, entry.item.x_restrict) == (adult.id, 1)


def test_several_ids_go_in_one_request_and_a_private_work_comes_as_id_0(ask, world):
    some = [w.id for w in live(world, "illust", x_restrict=0)[:3]]
    assert [e.item.id for e in entries(ask(spapi.illust(some)))] == some
    private = next(w for w in world.works.values() if w.medium == "illust" and w.state == "limit_mypixiv")
    (entry,) = entries(ask(spapi.illust([private.id], ME)))
    assert entry.item is None
    assert "private" in entry.trouble


def test_spapi_comments_are_read_back_to_the_minute(ask, world):
    for medium, build in (("illust", spapi.illust_comments), ("novel", spapi.novel_comments)):
        work_id = max((len(t), i) for (m, i), t in world.threads.items() if m == medium)[1]
        found = entries(ask(build(work_id)), f"{medium}_comments.php?id={work_id}")
        thread = [world.comments[medium, number] for number in reversed(world.threads[medium, work_id])]
        told = [c for c in thread if c.user_id is not None][: spapi.PAGE_ROWS]
        assert [(e.item.user.id, e.item.comment, e.work) for e in found] == [
            (c.user_id, c.text, (medium, work_id)) for c in told
        ]
        assert all(int(e.item.date.timestamp()) == c.ms // 60_000 * 60 for e, c in zip(found, told, strict=True))


def test_spapi_bookmarks_follows_and_the_own_account_are_read_back(ask, world):
    me = world.me
    for rest, restrict in (("show", "public"), ("hide", "private")):
        follows = {f.user_id for f in world.follows[me].values() if f.restrict == restrict}
        found = [e.item.id for e in entries(ask(spapi.bookmark_user_all(me, rest, ME))) if e.item]
        assert set(found) == {user for user in follows if not world.users[user].gone}
        marks = {m.key[1] for m in world.bookmarks[me].values() if m.restrict == restrict}
        read = [e.item.id for e in entries(ask(spapi.bookmark(me, rest, ME))) if e.item]
        assert read
        assert set(read) <= marks
    (own,) = entries(ask(spapi.user(2, ME)))
    assert own.item.id == me
    assert entries(ask(spapi.bookmark(me, "hide")))[0].item is None


def test_the_text_of_a_novel_and_the_hot_tags_are_read_back(ask, world):
    novel = live(world, "novel", x_restrict=0)[0]
    (entry,) = entries(ask(spapi.novel_text(novel.id)), f"novel_text.php?id={novel.id}")
    assert isinstance(entry.item, NovelText)
    assert (entry.item.id, entry.item.text) == (novel.id, novel.text)
    tags = [e.item.name for e in entries(ask(spapi.hot_tags()), "hot_tags.php")]
    assert set(tags) <= {tag for work in world.works.values() for tag in work.tags}
    assert len(tags) == 20


FULL = Show(papi.IMAGE_SIZES, papi.PROFILE_IMAGE_SIZES, include_stats=True, include_sanity_level=True)


def test_public_api_works_are_read_back_to_the_world(ask, world):
    found = entries(ask(papi.works(FULL, Page(1, 1000))))
    assert len(found) == len(live(world, "illust"))
    for entry in found:
        item, work = entry.item, world.works["illust", entry.item.id]
        assert (item.title, item.type, item.page_count) == (work.title, work.type, work.page_count)
        assert (item.width, item.height, item.x_restrict) == (work.width, work.height, work.x_restrict)
        assert list(item.originals) == addresses.originals(world, work)
        assert int(item.create_date.timestamp() * 1000) == work.create_ms // 1000 * 1000
        assert (item.total_view, item.total_bookmarks) == (work.total_view, work.total_bookmarks)
        assert item.tools == work.tools
        assert item.image_urls.large == addresses.page_urls(work, 0)["large"]
        assert item.user.profile_image_urls.medium == addresses.avatar(world, world.users[work.user_id])
        said, meant = (re.sub(r"<[^>]*>", "", text) for text in (item.caption, work.caption))
        assert unescape(said) == unescape(meant)


def test_the_public_api_gives_only_what_was_asked_for(ask, world):
    work = live(world, "illust")[0]
    (entry,) = entries(ask(papi.work(work.id)))
    assert entry.raw["stats"] is None
    assert set(entry.raw["image_urls"]) == {"large"}
    assert (entry.item.total_view, entry.item.total_bookmarks) == (None, None)
    (entry,) = entries(ask(papi.work(work.id, Show(["px_480mw"], ["px_170x170"], include_stats=True))))
    assert set(entry.raw["image_urls"]) == {"px_480mw"}
    assert set(entry.raw["user"]["profile_image_urls"]) == {"px_170x170"}
    assert entry.item.total_view == work.total_view


def test_the_public_api_fails_with_a_code_and_wants_a_login(ask, world):
    deleted = next(w for w in world.works.values() if w.medium == "illust" and w.state == "deleted")
    for request, login, says in ((papi.work(deleted.id), True, "206"), (papi.works(), False, "1508")):
        answer = ask(request, login=login)
        assert answer.status_code == 400
        (entry,) = read_dump(answer.content)
        assert entry.item is None
        assert says in entry.trouble


def test_public_api_bookmarks_rankings_and_users_are_read_back(ask, world):
    for publicity in ("public", "private"):
        found = entries(ask(papi.my_favorite_works(publicity, FULL, Page(1, 1000))))
        marks = {m.key[1] for m in world.bookmarks[world.me].values() if m.restrict == publicity}
        assert found
        assert {e.item.id for e in found} <= marks
        assert all(set(e.app[rows.LEGACY]["beside"]) >= {"tags", "publicity"} for e in found)
    ranked = entries(ask(papi.ranking("all", "daily", show=FULL, page=Page(2, 10))))
    assert [e.raw["rank"] for e in ranked] == list(range(11, 21))
    (user,) = entries(ask(papi.user(artist(world), FULL)))
    assert user.item.name == world.users[artist(world)].name


@pytest.mark.parametrize("page", [1, 3])
def test_pages_of_the_public_api_are_cut_as_asked(ask, world, page):
    whole = ask(papi.works(page=Page(1, 1000))).json()
    part = ask(papi.works(page=Page(page, 20))).json()
    assert part["response"] == whole["response"][(page - 1) * 20 : page * 20]
    assert part["pagination"]["total"] == whole["count"]
