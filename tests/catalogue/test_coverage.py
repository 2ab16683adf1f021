"""Coverage says of each work of an artist whether it is whole here, and if not, why."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from pixmirror.catalogue import chores, feeds, runs, tombstones
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import rows
from pixmirror.ingest import forgetting, web_health, web_lists
from pixmirror.ingest import lists as ingest_lists
from pixmirror.ingest.people import record_users
from pixmirror.ingest.ranking import Ranking, begin_ranking, finish_ranking, record_ranking
from pixmirror.ingest.works import record_works
from pixmirror.ledger import agenda
from pixmirror.models import JST, Restrict, User, to_ms
from pixmirror.reports import coverage, coverage_sql, queries
from pixmirror.reports.completeness import completeness, left, why_not_all
from pixmirror.reports.coverage import Coverage
from pixmirror.reports.coverage_lists import bookmark_lists, ranking_days
from pixmirror.reports.kept import Counts, parts_of
from pixmirror.reports.reasons import WORKS
from pixmirror.reports.why import why
from pixmirror.sync.kinds import BookmarksJob, FollowingJob, RankingJob, UserJob
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, novel, seen, stub, ugoira, user, works

Rows = Callable[..., list[dict[str, Any]]]
LATER = NOW + 2 * DAY


def listed(db: Database, *raws: dict[str, Any], now: int = NOW, refusals: dict[int, str] | None = None) -> None:
    db.run_sync(record_works, seen(now), works(*raws), refusals or {})


def whole(db: Database, medium: str = "illust", started: int = NOW, ended: int = NOW + HOUR) -> None:
    """The artist's list was read to its end."""

    def read(conn: Any) -> None:
        params = {"user_id": 7}
        feed = feeds.open_feed(conn, ME, f"user/{medium}s", params, job="following", lane=1)
        feeds.full_done(conn, feed.id, ended, started)

    db.run_sync(read)


def website(db: Database, *keys: int, now: int = NOW) -> None:
    db.run_sync(record_users, seen(), [User.model_validate(user(7))])
    db.run_sync(web_lists.record_list, 7, keys, now)


def store(db: Database, state: str = "stored", where: str = "1") -> None:
    db.run_sync(lambda c: c.exec_driver_sql(f"UPDATE media SET state = '{state}' WHERE {where}"))


def of_artist(db: Database) -> Coverage:
    [found] = db.read_sync(coverage.coverage, ME, 7).artists
    return found


def reasons(db: Database) -> dict[str, str]:
    return {str(m.ref): m.reason for m in db.read_sync(coverage.missing, ME, 7, True)}


def test_an_artist_whose_list_was_never_read_to_its_end_has_no_percentage(db: Database) -> None:
    listed(db, illust(1))
    store(db)
    db.run_sync(feeds.open_feed, ME, "user/illusts", {"user_id": 7}, job="following", lane=1)

    found = of_artist(db)

    assert (found.total, found.complete, found.percent, found.checked_at) == (1, 1, None, None)


def test_all_files_stored_is_complete(db: Database) -> None:
    listed(db, illust(1), illust(2, pages=3))
    store(db)
    whole(db)

    found = of_artist(db)

    assert (found.total, found.complete, found.holes, found.percent) == (2, 2, 0, 100.0)
    assert found.checked_at == NOW + HOUR
    assert reasons(db) == {}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("wanted", "wanted"),
        ("waiting", "wanted"),
        ("fetching", "wanted"),
        ("failed", "failed"),
        ("gone", "lost"),
        ("damaged", "damaged"),
        ("refused", "refused"),
    ],
)
def test_one_page_that_is_not_here_is_the_reason(db: Database, state: str, reason: str) -> None:
    listed(db, illust(1), illust(2, pages=3))
    store(db)
    store(db, state, "owner_id = 4 AND idx = 1")
    whole(db)

    found = of_artist(db)

    assert (found.total, found.complete) == (2, 1)
    assert reasons(db) == {"2": reason}
    assert found.holes == (0 if reason == "refused" else 1)


def test_an_old_version_of_a_file_that_was_gone_is_no_hole(db: Database) -> None:
    listed(db, illust(1))
    listed(db, illust(1, date="2024/01/02/03/04/05"), now=NOW + HOUR)
    store(db, where="is_current = 1")
    whole(db)

    assert of_artist(db).holes == 0


def test_a_ugoira_without_its_zip_and_a_novel_without_its_text_are_holes(db: Database) -> None:
    listed(db, ugoira(1), novel(2))
    whole(db)
    whole(db, "novel")

    assert reasons(db) == {"1": "wanted", "novel:2": "wanted"}


def test_what_every_filter_refuses_is_named_with_the_filter_and_is_no_hole(db: Database) -> None:
    listed(db, illust(1), ugoira(2), refusals={2: "too many pages", 4: "tag"})
    whole(db)

    found = of_artist(db)

    assert (found.missing, found.holes, found.percent) == ({"refused": 2}, 0, 100.0)
    detail = {m.detail for m in db.read_sync(coverage.missing, ME, 7, False)}
    assert detail == {"following: too many pages", "following: tag"}


def test_a_work_that_the_last_pass_did_not_show_is_not_upstream_until_the_website_says_so(db: Database) -> None:
    listed(db, illust(1))
    listed(db, illust(2), now=LATER)
    store(db)
    whole(db, started=LATER, ended=LATER + HOUR)
    assert (of_artist(db).total, of_artist(db).unlisted) == (1, 1)

    website(db, 2, 4, now=LATER)

    assert (of_artist(db).total, of_artist(db).unlisted, of_artist(db).web_listed) == (2, 0, 2)


def test_what_only_the_website_lists_is_missing_until_it_is_read(db: Database) -> None:
    listed(db, illust(1), stub(3, "limit_sanity_level"))
    store(db)
    whole(db)
    website(db, 2, 4, 6, 9)

    found = of_artist(db)

    assert reasons(db) == {"3": "limited", "2": "unseen"}, "and not novels, which no job walks"
    assert (found.total, found.complete, found.listed, found.hidden) == (3, 1, 1, 2)

    db.run_sync(record_works, replace(seen(), endpoint=WEB), works(illust(2)), {})
    store(db)
    assert reasons(db) == {"3": "limited"}
    assert (of_artist(db).listed, of_artist(db).hidden) == (1, 2)


def test_what_the_website_no_longer_lists_counts_no_more(db: Database) -> None:
    listed(db, illust(1))
    store(db)
    whole(db)
    website(db, 2, 4)
    website(db, 2, now=LATER)

    assert (of_artist(db).total, of_artist(db).percent) == (1, 100.0)


def test_what_is_gone_is_kept_and_not_upstream(db: Database) -> None:
    listed(db, illust(1), illust(2))
    store(db)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'deleted' WHERE work_key = 4"))
    whole(db)

    assert (of_artist(db).total, of_artist(db).kept, of_artist(db).percent) == (1, 1, 100.0)


def test_what_is_forgotten_is_no_hole(db: Database) -> None:
    listed(db, illust(1), illust(2))
    store(db)
    bury = "INSERT INTO tombstone (owner_kind, owner_id, at) VALUES ('work', 4, 1)"
    db.run_sync(lambda c: c.exec_driver_sql(bury))
    whole(db)

    assert (of_artist(db).missing, of_artist(db).holes, of_artist(db).percent) == ({"forgotten": 1}, 0, 100.0)


def test_the_sum_is_of_all_artists_and_the_worst_comes_first(db: Database) -> None:
    listed(db, illust(1), illust(2), illust(3, owner=user(8)))
    store(db, where="owner_id != 2")
    for artist in (7, 8, 9):
        params = {"user_id": artist}
        feed = db.run_sync(feeds.open_feed, ME, "user/illusts", params, job="following", lane=1)
        db.run_sync(feeds.full_done, feed.id, NOW + HOUR, NOW)

    found = db.read_sync(coverage.coverage, ME)

    assert [c.user_id for c in found.artists] == [7, 9, 8] or [c.user_id for c in found.artists] == [7, 8, 9]
    assert (found.total.total, found.total.complete, found.total.holes, found.total.percent) == (3, 2, 1, 66.7)


def test_a_followed_artist_without_works_is_complete(db: Database) -> None:
    listed(db, illust(1))
    store(db)
    whole(db)
    db.run_sync(ingest_lists.record_follows, ME, "public", [7, 8], NOW + DAY)

    found = db.read_sync(coverage.coverage, ME)

    [empty] = [c for c in found.artists if c.user_id == 8]
    assert (empty.total, empty.holes, empty.percent, empty.checked_at) == (0, 0, 100.0, NOW + DAY)
    assert (found.total.percent, found.total.checked_at) == (100.0, NOW + HOUR)
    db.run_sync(record_users, seen(), [User.model_validate(user(8))])
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE user SET total_illusts = 2, profile_at = 1 WHERE id = 8"))
    assert db.read_sync(coverage.coverage, ME, 8).total.checked_at is None, "the profile counts works of theirs"


def test_what_is_refused_says_that_every_job_does_so_only_where_it_is_so(db: Database) -> None:
    listed(db, illust(1), illust(2), refusals={4: "tag"})
    db.run_sync(record_works, seen(job=""), works(illust(3)), {})
    store(db, "refused")
    whole(db)

    found = {str(m.ref): m.detail for m in db.read_sync(coverage.missing, ME, 7, False)}

    assert found == {"1": "files = false", "2": "following: tag", "3": "no job has it on its lists"}
    assert "every job" not in WORKS["refused"].says


def test_the_lists_of_one_artist_are_found_without_a_look_at_the_others(db: Database) -> None:
    asked = {"account": 1, "user": 1, "jobs": None}
    with db.reading() as conn:
        plan = [step.detail for step in rows(conn, f"EXPLAIN QUERY PLAN {coverage_sql.LISTS_OF_ONE}", **asked)]
    lists = [step for step in plan if " feed " in step]
    assert len(lists) == 2
    assert all("account_id=? AND endpoint=? AND params=?" in step for step in lists)


def test_a_few_artists_and_all_of_them_are_counted_alike(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(db, illust(1), illust(2, pages=3), ugoira(4), novel(5), stub(6))
    store(db, where="owner_id = 2")
    whole(db)
    website(db, 2, 4, 8, 12, 14)
    few = db.read_sync(coverage.coverage, ME)
    ways = db.read_sync(coverage.missing, ME, None, True)

    monkeypatch.setattr(coverage, "FEW", 0)

    assert db.read_sync(coverage.coverage, ME) == few
    assert db.read_sync(coverage.missing, ME, None, True) == ways


# --- the website's lists and login


def test_works_of_a_forgotten_artist_are_not_asked_of_the_website(db: Database) -> None:
    listed(db, stub(1, "limit_sanity_level"), illust(2))
    store(db)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'limited', user_id = 7"))
    website(db, 2, 4, 6)
    db.run_sync(agenda.read_on_website, [6], NOW)
    db.run_sync(forgetting.forget, forgetting.Target("user", 7), NOW, 30)

    db.run_sync(web_lists.ask_all_hidden, NOW)
    db.run_sync(web_lists.ask_hidden, [2, 4, 6], NOW)

    assert not [c for c in db.read_sync(chores.due, NOW + DAY, 99) if c.kind == "web"]
    assert db.read_sync(web_lists.lacking, 7, "illust", [2, 4, 6], NOW) == []
    assert db.read_sync(tombstones.bars_chore, "coverage", 7)


def test_only_what_the_app_did_not_show_is_asked_of_the_website(db: Database) -> None:
    listed(db, illust(1), stub(3, "limit_sanity_level"))
    website(db, 2, 4, 6)

    lacking = db.read_sync(web_lists.lacking, 7, "illust", [2, 4, 6], NOW)

    assert sorted(lacking) == [4, 6]


def test_after_three_refusals_the_artists_other_works_wait(db: Database) -> None:
    website(db, 2, 4, 6, 8)
    db.run_sync(agenda.read_on_website, [2, 4, 6, 8], NOW)

    told = [db.run_sync(web_lists.fruitless, 7, NOW) for _ in range(3)]

    assert told == [False, False, True]
    assert db.read_sync(chores.due, NOW + DAY, 9) == []
    db.run_sync(web_lists.fruitful, 7)
    assert db.run_sync(web_lists.fruitless, 7, NOW) is False


def test_a_refused_cookie_puts_off_what_needs_it_until_it_works_or_another_comes(db: Database) -> None:
    db.run_sync(agenda.read_on_website, [2], NOW)
    db.run_sync(chores.add, "profile", 7, 1, NOW)
    db.run_sync(web_health.use, "one", NOW)

    db.run_sync(web_health.refused, "one", NOW, "no")

    assert [c.kind for c in db.read_sync(chores.due, NOW, 9)] == ["profile"]
    refusal = db.read_sync(web_health.refusal)
    assert refusal is not None
    assert "does not work" in str(refusal)
    db.run_sync(web_health.refused, "one", NOW + DAY, "no")
    again = db.read_sync(web_health.refusal)
    assert again is not None
    assert (again.since, again.until) == (NOW, NOW + 2 * DAY)
    db.run_sync(web_health.use, "one", NOW + DAY)
    assert db.read_sync(web_health.refusal) is not None
    db.run_sync(web_health.use, "another", NOW + DAY)
    assert db.read_sync(web_health.refusal) is None
    assert {c.kind for c in db.read_sync(chores.due, NOW + DAY, 9)} == {"profile", "web"}


def test_without_a_cookie_its_chores_wait_for_one(db: Database) -> None:
    db.run_sync(agenda.read_on_website, [2], NOW)
    db.run_sync(web_health.wait, NOW + 30 * DAY, web_health.NO_LOGIN)
    assert db.read_sync(chores.due, NOW, 9) == []

    db.run_sync(web_health.use, "one", NOW + DAY)

    assert [c.kind for c in db.read_sync(chores.due, NOW + DAY, 9)] == ["web"]


def test_a_list_that_was_cut_says_so_and_proves_nothing_of_what_lies_below(db: Database) -> None:
    listed(db, illust(1), illust(2))
    store(db)
    whole(db, started=NOW + DAY, ended=NOW + DAY + HOUR)  # the pass showed neither
    assert of_artist(db).total == 0
    why_cut = "Pixiv shows only the first 5000 of this list: what lies below cannot be read"

    def cut(conn: Any) -> None:
        feed = feeds.open_feed(conn, ME, "user/illusts", {"user_id": 7}, job="job", lane=0)
        feeds.set_marks(conn, feed.id, {"cut": {"why": why_cut, "at": NOW}})

    db.run_sync(cut)
    found = of_artist(db)
    assert (found.total, found.complete, found.cut) == (2, 2, why_cut)
    assert found.percent == 99.9
    status = db.read_sync(queries.status, NOW)
    assert [r.reason for r in status.stuck if r.what == "list that ends early"] == [why_cut]
    assert any(why_cut in line for line in db.read_sync(why, Ref("user", 7), NOW).answer)


# --- bookmarks and rankings


def daily(name: str = "daily", **keys: Any) -> RankingJob:
    return RankingJob(name=name, every="1d", modes=("day",), **{"top": 2, **keys})


def bookmarked(db: Database, *raws: dict[str, Any], restrict: Restrict = "public", read: bool = True) -> None:
    """These are all bookmarks of this restrict, read to the end of the list, or not."""
    listed(db, *raws)

    def record(conn: Any) -> None:
        keys = [work.item.key for work in works(*raws)]
        ingest_lists.record_bookmarks(conn, ME, restrict, keys, NOW, None)
        params = {"restrict": restrict}
        feed = feeds.open_feed(conn, ME, "user/bookmarks/illust", params, job="bookmarks", lane=0)
        if read:
            feeds.full_done(conn, feed.id, NOW + HOUR, NOW)

    db.run_sync(record)


def test_bookmarks_are_proven_by_restrict_against_what_their_lists_showed(db: Database) -> None:
    bookmarked(db, illust(1), illust(2), illust(3))
    bookmarked(db, illust(4), restrict="private", read=False)
    store(db)
    store(db, "gone", "owner_id = 4")
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'deleted' WHERE work_key = 6"))

    public, private = db.read_sync(bookmark_lists, ME, ("bookmarks",))

    assert (public.restrict, public.total, public.complete, public.missing) == ("public", 2, 1, {"lost": 1})
    assert (public.kept, public.checked_at, public.is_complete) == (1, NOW + HOUR, False)
    assert (private.total, private.complete, private.checked_at) == (1, 1, None)
    assert not private.is_complete, "its list was never read to the end"
    assert why_not_all(private) == ["the list was not read to its end yet"]
    assert db.read_sync(bookmark_lists, ME, ("following",)) == (), "no job asks for them"


def test_a_bookmark_that_was_gone_before_it_was_saved_is_told_and_is_no_hole(db: Database) -> None:
    bookmarked(db, illust(1), stub(2))
    store(db)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'deleted' WHERE work_key = 4"))

    [public] = db.read_sync(bookmark_lists, ME, ("bookmarks",))

    assert (public.total, public.lost, public.kept, public.is_complete) == (1, 1, 0, True)
    assert why_not_all(public) == ["1 gone at Pixiv, and not here"]


def test_each_day_that_a_ranking_job_asks_for_is_proven_down_to_its_rank(db: Database) -> None:
    days = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]
    at = to_ms(datetime(2026, 11, 5, 13, tzinfo=JST))
    listed(db, illust(1), illust(2), illust(3))
    store(db, where="owner_id != 4")

    def read(conn: Any) -> None:
        for day, ranks, depth in ((days[0], (1, 3), 2), (days[1], (1, 2), 2), (days[2], (1,), 1)):
            place = Ranking(ME, "illust", "day", day)
            snapshot = begin_ranking(conn, place, at)
            record_ranking(conn, place, snapshot, [(n + 1, work * 2) for n, work in enumerate(ranks)])
            finish_ranking(conn, place, snapshot, "complete", depth, at)

    db.run_sync(read)
    jobs = [daily(since=date(2026, 11, 1)), daily("top", top=1, since=date(2026, 11, 2), until=date(2026, 11, 2))]

    found = db.read_sync(ranking_days, ME, jobs, at)

    assert [(d.date, d.standing, d.total, d.is_complete) for d in found] == [
        (days[3], "unread", 0, False),
        (days[2], "part", 1, False),
        (days[1], "read", 2, False),
        (days[0], "read", 2, True),
    ]
    assert [why_not_all(d) for d in found] == [
        ["not read yet"], ["not read to its end yet"], ["1 still to be fetched"], [],
    ]  # fmt: skip


def test_a_ranking_that_pixiv_does_not_have_is_no_hole(db: Database) -> None:
    at = to_ms(datetime(2026, 11, 5, 13, tzinfo=JST))
    place = Ranking(ME, "illust", "day", "2026-11-04")
    for n in (1, 2):
        db.run_sync(
            finish_ranking, place, db.run_sync(begin_ranking, place, at + n), "empty_for_account", 0, at + n
        )

    [day] = db.read_sync(ranking_days, ME, [daily()], at)

    assert (day.standing, day.is_complete) == ("none", True)


def test_the_counts_say_how_much_is_complete_as_of_the_job_that_looked_longest_ago(db: Database) -> None:
    bookmarked(db, illust(1), illust(2))
    whole(db)
    store(db)
    for n, name in enumerate(("following", "bookmarks", "daily")):
        db.run_sync(runs.save_job, name, "ranking" if name == "daily" else name, None)
        db.run_sync(runs.job_done, name, True, NOW - n * HOUR)
    jobs = [FollowingJob(name="following", every="1h"), BookmarksJob(name="bookmarks", every="1h")]

    found = db.read_sync(completeness, ME, [*jobs, daily()], NOW)

    assert found.counts == Counts(1, 1, 1, 1, 1, 0, 0, NOW - HOUR)
    assert parts_of(found.counts) == ["the one artist", "the one bookmark list", "0 of 1 ranking day"]
    store(db, "wanted", "owner_id = 2")
    again = db.read_sync(completeness, ME, jobs, NOW)
    assert parts_of(again.counts) == ["0 of 1 artist", "0 of 1 bookmark list"]
    assert [one.parts for one in left(again, has_web=False)] == [("1 artist (1 work)", "1 bookmark list (1 work)")]


def test_an_artist_whom_no_job_reads_any_more_is_not_counted(db: Database) -> None:
    listed(db, illust(1))
    whole(db)

    found = db.read_sync(completeness, ME, [UserJob(name="other", every="1h", users=(99,))], NOW)

    assert (found.counts.artists, len(found.overview.artists)) == (0, 1)


@pytest.mark.parametrize(
    ("artist", "said"),
    [
        ({"listed": 88, "counted": 48}, ["40 newer than the profile's count"]),
        ({"listed": 5000, "counted": 5113, "cut": "Pixiv shows only the first 5000"},
         ["5,113 at Pixiv; the app lists 5,000: 113 come with a web login"]),
        ({"listed": 412, "counted": 423, "hidden": 8, "missing": {"limited": 8}},
         ["8 hidden from the app (web login)", "3 more counted by the profile than listed"]),
    ],
)  # fmt: skip
def test_a_figure_that_needs_explaining_explains_itself(artist: dict[str, Any], said: list[str]) -> None:
    found = Coverage(user_id=7, name="seven", state="live", checked_at=NOW, **artist)

    assert why_not_all(found) == said
