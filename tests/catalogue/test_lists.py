"""The account's lists: what is new, moved, missing, gone; the ledger; rankings; comments; sidecars."""

from typing import Any

import pytest

from pixmirror.catalogue.database import Database
from pixmirror.ingest import lists, own_tags, ranking, sidecars
from pixmirror.ingest.broken import record_broken, unread_works
from pixmirror.ingest.comments import comments_walked, record_comments
from pixmirror.ingest.people import record_profile, record_user_state, record_users
from pixmirror.ingest.works import record_works
from pixmirror.ledger import doubts, judge
from pixmirror.ledger.sightings import record_state
from pixmirror.models import (
    BookmarkTag,
    Broken,
    Illust,
    Received,
    State,
    User,
    UserDetail,
    partly_read,
)
from pixmirror.pixiv.reading import read_items
from tests.catalogue.builders import (
    DAY,
    HOUR,
    ME,
    NOW,
    both,
    comment,
    comments,
    illust,
    seen,
    tag,
    ugoira,
    user,
    works,
)


def follows(db: Database, *ids: int, now: int = NOW, restrict: Any = "public") -> tuple[int, ...]:
    return db.run_sync(lists.record_follows, ME, restrict, ids, now)


def test_new_moved_and_returning_follows_are_named(db: Database, rows):
    assert follows(db, 1, 2, 3) == (1, 2, 3)
    assert follows(db, 1, 2) == ()
    assert follows(db, 2, restrict="private") == (2,)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE follow SET state = 'gone' WHERE user_id = 3"))
    assert follows(db, 1, 3, now=NOW + 5) == (3,)
    assert [s["state"] for s in rows("SELECT state FROM sighting WHERE owner_kind = 'follow'")] == ["live"]


def test_gone_takes_two_passes_a_day_apart(db: Database, rows):
    follows(db, 1, 2, 3)
    for i, (at, expected) in enumerate(((0, 0), (1, 0), (23, 0), (24, 1), (25, 0))):
        now = NOW + HOUR + at * HOUR
        follows(db, 1, 2, now=now)
        assert db.run_sync(lists.mark_missing, "follow", ME, both(now), now) == expected, i
    assert [r["state"] for r in rows("SELECT state FROM follow ORDER BY user_id")] == ["live", "live", "gone"]


def test_seen_between_it_starts_anew(db: Database):
    follows(db, 1)
    mark = lambda at: db.run_sync(lists.mark_missing, "follow", ME, both(at), at)  # noqa: E731
    assert mark(NOW + HOUR) == 0
    follows(db, 1, now=NOW + 2 * HOUR)
    assert mark(NOW + 2 * DAY) == 0
    assert mark(NOW + 3 * DAY) == 1


def test_the_brake_holds_when_too_much_would_go(db: Database, rows):
    follows(db, *range(1, 101))
    for day in range(1, 4):
        now = NOW + day * DAY
        follows(db, *range(7, 101), now=now)
        assert db.run_sync(lists.mark_missing, "follow", ME, both(now), now) == (0 if day == 1 else -1)
    assert rows("SELECT 1 FROM follow WHERE state != 'live'") == []


def test_passes_of_one_medium_or_list_say_nothing_of_the_other(db: Database, rows):
    mark = db.run_sync
    db.run_sync(lists.record_bookmarks, ME, "public", [2, 3], NOW, 50)
    db.run_sync(lists.record_bookmarks, ME, "private", [4], NOW, None)
    for now in (NOW + DAY, NOW + 3 * DAY):
        mark(lists.record_bookmarks, ME, "private", [4], now, None)
        mark(lists.mark_missing, "bookmark", ME, both(now), now, "illust")
    assert [r["state"] for r in rows("SELECT state FROM bookmark ORDER BY work_key")] == ["gone", "live", "live"]


def days(db: Database, *passes: tuple[int, dict[Any, int | None]]) -> None:
    """(day, when the last passes began, in days or None) each, at which a pass of a list has ended."""
    for day, begun in passes:
        began = {r: d if d is None or d < 0 else NOW + d * DAY for r, d in begun.items()}
        db.run_sync(lists.mark_missing, "bookmark", ME, began, NOW + day * DAY, "illust", share=1.0)


def test_public_and_private_need_not_be_read_together(db: Database, rows):
    db.run_sync(lists.record_bookmarks, ME, "public", [2, 4], NOW, 50)
    state = lambda: [(r["work_key"], r["state"]) for r in rows("SELECT work_key, state FROM bookmark")]  # noqa: E731
    days(db, (1, {"public": 1, "private": 0}), (8, {"public": 8, "private": 0}))
    assert state() == [(2, "live"), (4, "live")], "it may have been switched: the private list was not read since"
    db.run_sync(lists.record_bookmarks, ME, "private", [4], NOW + 9 * DAY, None)
    days(db, (9, {"public": 8, "private": 9}))
    assert state() == [(2, "gone"), (4, "live")]
    assert rows("SELECT kind, key FROM chore WHERE kind = 'bookmark'") == []


def test_where_one_list_is_read_alone_the_thing_itself_is_asked_for(db: Database, rows):
    db.run_sync(lists.record_bookmarks, ME, "public", [2, 4], NOW, 50)
    days(db, (1, {"public": 1}))
    assert rows("SELECT kind, key FROM chore") == []
    days(db, (2, {"public": 2}))
    assert rows("SELECT kind, key FROM chore ORDER BY key") == [
        {"kind": "bookmark", "key": 2}, {"kind": "bookmark", "key": 4},
    ]  # fmt: skip
    assert rows("SELECT 1 FROM doubt") == []


def test_a_list_that_is_not_read_for_a_month_is_not_waited_for(db: Database, rows):
    db.run_sync(lists.record_follows, ME, "private", [7], NOW)
    for day, asked in ((1, 0), (20, 0), (31, 1)):
        passes: dict[Any, int | None] = {"private": NOW + day * DAY, "public": None}
        db.run_sync(lists.mark_missing, "follow", ME, passes, NOW + day * DAY)
        assert len(rows("SELECT 1 FROM chore WHERE kind = 'follow' AND key = 7")) == asked, day


def test_bookmarks_know_their_cursor_and_their_moves(db: Database, rows):
    record = lambda keys, restrict, below: db.run_sync(  # noqa: E731
        lists.record_bookmarks, ME, restrict, keys, NOW, below
    )
    assert record([2, 4], "public", 50) == (2, 4)
    assert record([2], "public", None) == ()
    assert record([2], "private", 90) == (2,)
    assert rows("SELECT work_key, restrict, below FROM bookmark ORDER BY 1") == [
        {"work_key": 2, "restrict": "private", "below": 90},
        {"work_key": 4, "restrict": "public", "below": 50},
    ]


def test_own_tags_are_walked_when_their_count_moved(db: Database, rows):
    def names(*tags: tuple[str, int], now: int = NOW) -> tuple[str, ...]:
        found = [BookmarkTag(name=name, count=count) for name, count in tags]
        return db.run_sync(
            own_tags.record_bookmark_tags, own_tags.BookmarkList(ME, "illust", "public"), found, now
        )

    links = lambda: {(r["work_key"], r["name"]) for r in rows("SELECT * FROM bookmark_work_tag")}  # noqa: E731
    db.run_sync(lists.record_bookmarks, ME, "public", [2, 4], NOW, None)
    assert names(("cats", 2), ("dogs", 1)) == ("cats", "dogs")
    here = own_tags.BookmarkList(ME, "illust", "public")
    db.run_sync(own_tags.record_tagged, here, "cats", [2, 4], NOW, NOW)
    db.run_sync(own_tags.record_tagged, here, "dogs", [2], NOW, NOW)
    for name, count in (("cats", 2), ("dogs", 1)):
        assert db.run_sync(own_tags.tag_walked, here, name, count, NOW, NOW, NOW) == 0
    later = NOW + HOUR
    assert names(("cats", 1), now=later) == ("cats",)
    db.run_sync(own_tags.record_tagged, here, "cats", [4], later, later)
    assert db.run_sync(own_tags.tag_walked, here, "cats", 1, later, later, later) == 1
    assert links() == {(4, "cats"), (2, "dogs")}
    assert db.run_sync(own_tags.reading_done, here, later, later) == 1
    assert links() == {(4, "cats")}


def test_a_works_state_needs_two_sightings_a_day_apart(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    doubted = lambda at: [  # noqa: E731
        db.run_sync(record_state, seen(NOW + at), 2, State.GONE, "detail: 404"),
        len(rows("SELECT 1 FROM doubt")),
    ]
    assert [doubted(at * HOUR) for at in (0, 23, 24, 25)] == [[False, 0], [False, 0], [False, 1], [False, 1]]
    assert rows("SELECT state FROM work") == [{"state": "live"}]
    assert db.run_sync(judge.accept, "work", NOW + DAY) == 1
    assert rows("SELECT state, evidence, state_at FROM work") == [
        {"state": "gone", "evidence": "detail: 404", "state_at": NOW + DAY}
    ]
    assert rows("SELECT title FROM work") == [{"title": "picture 1"}]
    db.run_sync(record_works, seen(NOW + 2 * DAY), works(illust(1)), {})
    assert rows("SELECT state FROM work") == [{"state": "live"}]
    assert [s["state"] for s in rows("SELECT state FROM sighting ORDER BY id")] == ["live", "gone", "live"]


def test_a_live_sighting_between_ends_the_stretch(db: Database):
    db.run_sync(record_works, seen(), works(illust(1)), {})

    def doubted(at: int) -> bool:
        db.run_sync(record_state, seen(NOW + at), 2, State.GONE, "404")
        return db.read_sync(doubts.stands, "work", 2)

    assert doubted(0) is False
    db.run_sync(record_works, seen(NOW + HOUR), works(illust(1)), {})
    assert doubted(30 * HOUR) is False
    assert doubted(54 * HOUR) is True


def test_users_profiles_and_their_end(db: Database, rows):
    people = [User.model_validate(user(1)), User.model_validate(user(0)), User.model_validate(user(2, name=""))]
    assert db.run_sync(record_users, seen(), people) == (1, 2)
    raw = {"user": user(1, comment="hello"), "profile": {"total_illusts": 3, "background_image_url": "b"}}
    detail = Received(UserDetail.model_validate(raw), raw)
    assert db.run_sync(record_profile, seen(), detail) is True
    assert db.run_sync(record_profile, seen(NOW + 1), detail) is False
    db.run_sync(record_users, seen(NOW + 2), [User.model_validate(user(1, name="renamed"))])
    [person] = rows("SELECT * FROM user WHERE id = 1")
    assert (person["name"], person["comment"], person["total_illusts"]) == ("renamed", "hello", 3)
    left = lambda at: db.run_sync(record_user_state, seen(NOW + at), 1, State.USER_GONE, "404")  # noqa: E731
    assert [left(HOUR), left(26 * HOUR)] == [False, False]
    assert db.run_sync(judge.accept, "user", NOW + 2 * DAY) == 1
    assert rows("SELECT state, evidence FROM user WHERE id = 1") == [{"state": "user_gone", "evidence": "404"}]
    db.run_sync(record_users, seen(NOW + 3 * DAY), people)
    assert rows("SELECT state FROM user WHERE id = 1") == [{"state": "live"}]


def test_comments_and_what_to_ask_next(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, total_comments=3)), {})
    page = comments(
        comment(1, has_replies=True),
        comment(2, user=None),
        comment(3, "", stamp={"stamp_id": 4, "stamp_url": "s"}),
    )
    assert db.run_sync(record_comments, seen(), 2, page) == (3, 0)
    assert db.run_sync(record_comments, seen(NOW + 1), 2, page) == (0, 3)
    replies = lambda: [c["key"] for c in rows("SELECT key FROM chore WHERE kind = 'replies'")]  # noqa: E731
    assert replies() == [2]
    assert db.run_sync(record_comments, seen(), 2, comments(comment(9)), 2) == (1, 0)
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    db.run_sync(record_comments, seen(NOW + 2), 2, page)
    assert replies() == []
    db.run_sync(record_comments, seen(NOW + 3), 2, page, all_replies=True)
    assert replies() == [2]
    found = rows("SELECT comment_key, user_id, parent_key, stamp_id FROM comment ORDER BY 1")
    assert [tuple(r.values()) for r in found] == [
        (2, 501, None, None),
        (4, None, None, None),
        (6, 503, None, 4),
        (18, 509, 2, None),
    ]


def test_comments_are_asked_again_when_their_number_moves_or_with_age(db: Database, rows):
    due = lambda: [(c["key"], c["due_at"]) for c in rows("SELECT * FROM chore WHERE kind = 'comments'")]  # noqa: E731
    db.run_sync(record_works, seen(), works(illust(1, total_comments=3)), {})
    assert db.run_sync(comments_walked, seen(), 2, None) is None
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    db.run_sync(record_works, seen(NOW + 1), works(illust(1, total_comments=3)), {})
    assert due() == []
    db.run_sync(record_works, seen(NOW + 2), works(illust(1, total_comments=4)), {})
    assert due() == [(2, NOW + 2)]
    young = illust(2, create_date="2023-11-04T22:13:20+00:00")
    db.run_sync(record_works, seen(), works(young), {})
    assert db.run_sync(comments_walked, seen(), 4, None) == NOW + 20 * DAY
    assert db.run_sync(comments_walked, seen(NOW + 25 * DAY), 4, None) == NOW + 170 * DAY
    assert db.run_sync(comments_walked, seen(NOW + 200 * DAY), 4, None) is None


def test_a_ranking_that_was_cut_starts_over(db: Database, rows):
    place = ranking.Ranking(ME, "illust", "day", "2026-11-20")
    first = db.run_sync(ranking.begin_ranking, place, NOW)
    db.run_sync(ranking.record_ranking, place, first, enumerate([2, 4, 6], 1))
    assert db.run_sync(ranking.begin_ranking, place, NOW + 1) == first == 1
    assert rows("SELECT 1 FROM ranking") == []
    db.run_sync(ranking.record_ranking, place, first, enumerate([4, 2], 1))
    assert db.run_sync(ranking.finish_ranking, place, first, "complete", 2, NOW + 2) is True
    days = db.read_sync(ranking.ranking_days, ME, "illust", "day")
    assert days == {"2026-11-20": ranking.RankingDay(1, "complete", 2, NOW + 2)}


@pytest.mark.parametrize(("second", "kept"), [([4, 2], False), ([2, 4], True), ([4], True)])
def test_a_second_reading_is_kept_if_it_differs(db: Database, rows, second, kept):
    place = ranking.Ranking(ME, "illust", "day", "2026-11-20")
    results = []
    for keys in ([4, 2], second):
        snapshot = db.run_sync(ranking.begin_ranking, place, NOW)
        db.run_sync(ranking.record_ranking, place, snapshot, enumerate(keys, 1))
        results.append(db.run_sync(ranking.finish_ranking, place, snapshot, "complete", len(keys), NOW))
    assert results == [True, kept]
    assert {r["snapshot"] for r in rows("SELECT snapshot FROM ranking")} == ({1, 2} if kept else {1})
    assert db.read_sync(ranking.ranking_days, ME, "illust", "day")["2026-11-20"].snapshot == 2


def test_broken_items_are_kept_once_and_counted(db: Database, rows):
    items = [Broken("illusts[3]", "id: missing", {"title": "x"})]
    assert db.run_sync(record_broken, "/v1/user/illusts", items, NOW) == 1
    assert db.run_sync(record_broken, "/v1/user/illusts", items, NOW + 1) == 0
    assert [(b["times"], b["raw"]) for b in rows("SELECT * FROM broken")] == [(2, '{"title":"x"}')]


def test_sidecars_are_due_after_each_change_and_only_then(db: Database):
    raw = illust(1, pages=2, tags=[tag("b", "B"), "a"], series={"id": 5, "title": "tale"})
    db.run_sync(record_works, seen(), works(raw, ugoira(2)), {})
    due = db.read_sync(sidecars.due_sidecars, 10)
    assert [s.rel_path for s in due] == ["7/1.json", "7/2.json"]
    data = due[0].data
    assert (data["tags"], data["series_id"], data["create_date"]) == (["b", "a"], 5, "2023-04-27T13:39:51+09:00")
    assert [f["path"] for f in data["files"]] == ["7/1_p0.png", "7/1_p1.png"]
    assert data["user"] == {"id": 7, "name": "artist 7", "account": "user_7"}
    db.run_sync(sidecars.sidecar_done, due)
    db.run_sync(record_works, seen(NOW + 1), works(raw | {"total_view": 9}, ugoira(2)), {})
    assert db.read_sync(sidecars.due_sidecars, 10) == []
    db.run_sync(record_works, seen(NOW + 2), works(raw | {"title": "new"}), {})
    [again] = db.read_sync(sidecars.due_sidecars, 10)
    db.run_sync(record_works, seen(NOW + 3), works(raw | {"title": "newer"}), {})
    db.run_sync(sidecars.sidecar_done, [again])
    [newest] = db.read_sync(sidecars.due_sidecars, 10)
    assert newest.data["title"] == "newer"


@pytest.mark.parametrize("kind", ["bookmark", "follow"])
def test_a_short_list_that_is_suddenly_empty_is_not_believed(db: Database, rows, kind: Any):
    record = lists.record_bookmarks if kind == "bookmark" else lists.record_follows
    args = (NOW, None) if kind == "bookmark" else (NOW,)
    db.run_sync(record, ME, "public", [2, 4, 6], *args)
    for day in (1, 2):
        at = NOW + day * DAY
        db.run_sync(lists.mark_missing, kind, ME, both(at), at)
    judged = db.run_sync(judge.judge, NOW + 3 * DAY, 0.05, 0)
    assert [(b.kind, b.count) for b in judged.brakes] == [(kind, 3)]
    assert {r["state"] for r in rows(f"SELECT state FROM {kind}")} == {"live"}


def test_an_item_whose_counters_move_is_one_row(db: Database, rows):
    for at in range(3):
        raw = {"id": "x", "image_urls": {}, "title": "t", "total_view": at, "user": {"id": 7}}
        db.run_sync(record_broken, "/v1/user/illusts", [Broken(f"illusts[{at}]", "id: bad", raw)], NOW + at)
    assert [(b["times"], b["user_id"], b["medium"]) for b in rows("SELECT * FROM broken")] == [(3, 7, "illust")]


def test_a_work_that_could_not_be_read_is_missing_until_an_answer_shows_it(db: Database):
    bad = Broken("illusts[0]", "tags: bad", illust(1))
    db.run_sync(record_broken, "/v1/user/illusts", [bad], NOW, 7)
    [found] = db.read_sync(unread_works, NOW)
    assert (found.work_key, found.user_id, found.medium) == (2, 7, "illust")
    assert not db.read_sync(unread_works, NOW + 8 * DAY), "no list of the artist's is read that would tell more"
    db.run_sync(record_works, seen(NOW + 1), works(illust(1)), {})
    assert not db.read_sync(unread_works, NOW + 1)


def test_what_costs_a_member_alone_is_no_missing_work(db: Database):
    items, _ = read_items([illust(1, total_view="many")], "illusts", Illust)
    db.run_sync(record_broken, "/v1/user/illusts", partly_read(items), NOW, 7)
    assert not db.read_sync(unread_works, NOW)
