"""Every version that an answer showed is there with its date, and nothing that no answer showed."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import media, state_change, work
from pixmirror.ingest.files import record_text, record_ugoira
from pixmirror.ingest.people import record_profile, record_users
from pixmirror.ingest.works import record_works
from pixmirror.models import NovelText, Received, UgoiraMetadata, User, UserDetail
from pixmirror.reports import history
from pixmirror.reports.history import MOST, Change, History, Version, diff
from tests.catalogue.builders import DAY, HOUR, NOW, illust, novel, original, seen, stub, tag, ugoira, user, works

PICTURE = Ref("illust", 1)
LATER = "2024/05/06/07/08/09"


def show(db: Database, *raws: dict[str, Any], at: int = NOW, endpoint: str = "list") -> None:
    db.run_sync(record_works, seen(at, endpoint=endpoint), works(*raws), {})


def told(db: Database, ref: Ref = PICTURE) -> History:
    found = db.read_sync(history.history, ref)
    assert found is not None
    return found


def changed(version: Version) -> dict[str, tuple[Any, Any]]:
    return {c.field: (c.before, c.after) for c in version.changes}


def titles(found: History) -> list[Any]:
    return [changed(v)["title"][1] for v in found.versions if "title" in changed(v)]


# --- works


def test_each_change_is_a_version_with_its_date_and_endpoint(db: Database):
    show(db, illust(1, tags=["a", "b"]))
    show(db, illust(1, tags=["a", "b"]), at=NOW + HOUR)
    show(db, illust(1, tags=["b", "c"], title="new"), at=NOW + 2 * HOUR, endpoint="feed")
    first, second = told(db).versions
    assert (first.number, first.at, first.by) == (1, NOW, "list")
    assert changed(first)["title"] == (None, "picture 1")
    assert (second.number, second.at, second.by) == (2, NOW + 2 * HOUR, "feed")
    assert changed(second) == {"title": ("picture 1", "new"), "tags": (("a", "b"), ("b", "c"))}


@pytest.mark.parametrize(
    ("change", "field", "before", "after"),
    [
        ({"x_restrict": 1}, "x_restrict", 0, 1),
        ({"restrict": 2}, "restrict", 0, 2),
        ({"sanity_level": 6}, "sanity_level", 2, 6),
        ({"illust_ai_type": 2}, "illust_ai_type", 1, 2),
        ({"type": "manga"}, "type", "illust", "manga"),
        ({"series": {"id": 5, "title": "tale"}}, "series_id", None, 5),
        ({"width": 10}, "width", 1728, 10),
    ],
)
def test_what_is_a_version(db: Database, change: dict[str, Any], field: str, before: Any, after: Any):
    show(db, illust(1))
    show(db, illust(1, **change), at=NOW + 1)
    assert changed(told(db).versions[-1])[field] == (before, after)


@pytest.mark.parametrize(
    "change", [{"total_view": 5}, {"is_bookmarked": True}, {"title": ""}, {"owner": user(7, name="renamed")}]
)
def test_what_is_no_version(db: Database, change: dict[str, Any]):
    show(db, illust(1))
    show(db, illust(1, **change), at=NOW + 1)
    assert len(told(db).versions) == 1


def test_a_translation_in_another_language_is_no_version(db: Database):
    show(db, illust(1, tags=[tag("猫", "cat")]))
    show(db, illust(1, tags=[tag("猫", "chat")]), at=NOW + 1)
    assert len(told(db).versions) == 1


def test_back_to_an_old_title_is_a_third_version(db: Database):
    for i, title in enumerate("ABAA"):
        show(db, illust(1, title=title), at=NOW + i)
    assert titles(told(db)) == ["A", "B", "A"]


def test_what_lists_and_detail_change_in_turn_are_versions_too(db: Database):
    """An old list that is seen again after detail said otherwise has changed it back."""
    for i, (title, endpoint) in enumerate((("A", "list"), ("B", "detail"), ("A", "list"), ("B", "detail"))):
        show(db, illust(1, title=title), at=NOW + i, endpoint=endpoint)
    assert titles(told(db)) == ["A", "B", "A", "B"]


def test_the_empty_caption_of_a_list_is_never_a_version(db: Database):
    show(db, illust(1, caption=""))
    show(db, illust(1, caption="told"), at=NOW + 1, endpoint="detail")
    show(db, illust(1, caption=""), at=NOW + 2, endpoint="feed")
    show(db, illust(1, caption="", title="x"), at=NOW + 3)
    show(db, illust(1, caption=""), at=NOW + 4, endpoint="detail")
    captions = [changed(v).get("caption") for v in told(db).versions]
    assert captions == [None, ("", "told"), None, ("told", "")]


def test_stubs_are_states_and_no_versions(db: Database):
    show(db, stub(1, "limit_sanity_level"))
    found = told(db)
    assert (found.versions, [s.state for s in found.states]) == ((), ["limited"])
    show(db, illust(1), at=NOW + 1)
    show(db, stub(1), at=NOW + 2)
    found = told(db)
    assert [v.at for v in found.versions] == [NOW + 1]
    assert found.states[0].state == "limited"


def test_moves_of_the_state_are_told_beside_the_versions(db: Database):
    show(db, illust(1))
    move = {
        "account_id": 99,
        "owner_kind": "work",
        "owner_id": 2,
        "state": "gone",
        "evidence": "404",
        "at": NOW + 9,
    }
    db.run_sync(lambda c: c.execute(state_change.insert().values(**move)))
    assert [(s.at, s.state) for s in told(db).states] == [(NOW, "live"), (NOW + 9, "gone")]


def test_nothing_is_told_of_what_was_never_seen(db: Database):
    assert db.read_sync(history.history, PICTURE) is None
    assert db.read_sync(history.at, PICTURE, NOW) is None


# --- files


def _store_all(conn: Connection) -> None:
    conn.execute(update(media).values(state="stored", size=5, sha256=media.c.version))


def test_a_replaced_picture_lies_beside_the_new_one(db: Database):
    show(db, illust(1))
    db.run_sync(_store_all)
    show(db, illust(1, date=LATER), at=NOW + 1)
    old, new = changed(told(db).versions[-1])["page 0"]
    assert (old.state, old.path, old.url) == ("stored", "7/1_p0.png", original(1))
    assert (new.state, new.path, new.version) == ("wanted", "7/1_p0_20240506070809.png", "20240506070809")


def test_pages_that_come_and_go_are_versions(db: Database):
    show(db, illust(1, pages=3))
    show(db, illust(1, pages=2), at=NOW + 1)
    show(db, illust(1, pages=3), at=NOW + 2)
    _, fewer, more = told(db).versions
    assert changed(fewer)["page 2"][1] is None
    assert changed(more)["page 2"][0] is None
    assert changed(fewer)["page_count"] == (3, 2)


def test_an_answer_from_a_cache_replaces_no_file(db: Database):
    show(db, illust(1, date=LATER))
    show(db, illust(1), at=NOW + 1, endpoint="feed")
    assert len(told(db).versions) == 1


def _zip(date: str, delay: int) -> UgoiraMetadata:
    url = f"https://i.pximg.net/img-zip-ugoira/img/{date}/3_ugoira600x600.zip"
    return UgoiraMetadata.model_validate(
        {"zip_urls": {"medium": url}, "frames": [{"file": "0.jpg", "delay": delay}]}
    )


def test_a_replaced_ugoira_keeps_its_own_frames(db: Database):
    show(db, ugoira(3))
    db.run_sync(record_ugoira, seen(NOW + 1), 3, _zip("2023/04/27/13/39/51", 80))
    db.run_sync(record_ugoira, seen(NOW + 2), 3, _zip(LATER, 120))
    last = changed(told(db, Ref("illust", 3)).versions[-1])
    assert last["frames"] == ((("0.jpg", 80),), (("0.jpg", 120),))
    assert [f.version for f in last["ugoira"]] == ["20230427133951", "20240506070809"]
    then = db.read_sync(history.at, Ref("illust", 3), NOW + 1)
    assert then is not None
    assert then.fields["frames"] == (("0.jpg", 80),)


def text_of_novel(text: str, cover: str = "2023/01/02/03/04/05") -> Received[NovelText]:
    url = f"https://i.pximg.net/c/600x600/novel-cover-master/img/{cover}/ci1_ab_master1200.jpg"
    raw = {"id": "1", "text": text, "title": "story 1", "userId": "7", "coverUrl": url, "images": {}}
    return Received(NovelText.model_validate(raw), raw)


def test_the_texts_of_a_novel_are_versions_with_what_changed(db: Database):
    show(db, novel(1))
    for i, text in enumerate(("one\ntwo", "one\n2", "one\ntwo")):
        db.run_sync(record_text, seen(NOW + 1 + i, endpoint="webview"), text_of_novel(text))
    versions = told(db, Ref("novel", 1)).versions
    assert [v.by for v in versions] == ["list", "webview", "webview", "webview"]
    [change] = [c for c in versions[2].changes if c.field == "text"]
    assert change.diff == ("@@ -2 +2 @@", "-two", "+2")
    assert (change.before.characters, change.after.characters) == (7, 5)
    for i, text in enumerate(("one\ntwo", "one\n2", "one\ntwo")):
        past = db.read_sync(history.at, Ref("novel", 1), NOW + 1 + i)
        assert past is not None
        assert past.text == text


def test_a_replaced_cover_is_a_version_and_is_asked_for(db: Database, rows: Callable[..., list[dict[str, Any]]]):
    show(db, novel(1))
    db.run_sync(record_text, seen(NOW + 1), text_of_novel("t"))
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    raw = novel(1)
    raw["image_urls"] = {k: v.replace("2023/01/02/03/04/05", LATER) for k, v in raw["image_urls"].items()}
    show(db, raw, at=NOW + 2)
    assert "text" in [r["kind"] for r in rows("SELECT kind FROM chore")]
    db.run_sync(record_text, seen(NOW + 3), text_of_novel("t", LATER))
    old, new = changed(told(db, Ref("novel", 1)).versions[-1])["cover"]
    assert (old.version, new.version) == ("20230102030405", "20240506070809")


# --- users


def profile(comment: str = "hello", background: str | None = None, **changes: Any) -> Received[UserDetail]:
    raw = {
        "user": user() | {"comment": comment},
        "profile": {"webpage": "https://a.example/", "background_image_url": background, "total_illusts": 3}
        | changes,
        "profile_publicity": {"gender": "public"},
        "workspace": {"pc": "a box"},
    }
    return Received(UserDetail.model_validate(raw), raw)


def test_an_answer_without_a_picture_takes_no_avatar_away(db: Database):
    person = {"id": 7, "name": "Ann", "account": "ann"}
    picture = {"profile_image_urls": {"medium": "https://i.pximg.net/user-profile/a.jpg"}}
    db.run_sync(record_users, seen(NOW), [User.model_validate(person | picture)])
    db.run_sync(record_users, seen(NOW + HOUR), [User.model_validate(person | {"name": "Anna"})])
    first, second = told(db, Ref("user", 7)).versions
    assert "avatar_url" in changed(first)
    assert changed(second) == {"name": ("Ann", "Anna")}


def test_a_user_is_a_thing_with_versions(db: Database):
    def listed(conn: Connection, /, at: int, **changes: Any) -> None:
        record_users(conn, seen(at), [User.model_validate(user(**changes))])

    db.run_sync(listed, NOW)
    db.run_sync(record_profile, seen(NOW + 1), profile())
    db.run_sync(listed, NOW + 2, name="renamed")
    db.run_sync(listed, NOW + 3, name="renamed", profile_image_urls={"medium": "https://i.pximg.net/b.png"})
    moved = profile("bye", "https://i.pximg.net/bg.png", total_illusts=4)
    db.run_sync(record_profile, seen(NOW + 4), moved)
    found = told(db, Ref("user", 7))
    assert [v.at for v in found.versions] == [NOW + i for i in range(5)]
    assert changed(found.versions[2]) == {"name": ("artist 7", "renamed")}
    assert changed(found.versions[3])["avatar_url"][1] == "https://i.pximg.net/b.png"
    assert changed(found.versions[4])["comment"] == ("hello", "bye")
    assert changed(found.versions[4])["background_url"] == (None, "https://i.pximg.net/bg.png")
    then = db.read_sync(history.at, Ref("user", 7), NOW + 3)
    assert then is not None
    assert (then.fields["name"], then.fields["comment"]) == ("renamed", "hello")


def test_counters_of_a_profile_are_no_version(db: Database):
    db.run_sync(record_profile, seen(NOW), profile())
    db.run_sync(record_profile, seen(NOW + 1), profile(total_illusts=9))
    assert len(told(db, Ref("user", 7)).versions) == 1


# --- at


def test_the_past_is_as_it_was_known(db: Database):
    show(db, illust(1, title="old"))
    db.run_sync(_store_all)
    show(db, illust(1, title="new", date=LATER, total_view=2000), at=NOW + 2 * HOUR)
    past = db.read_sync(history.at, PICTURE, NOW + HOUR)
    assert past is not None
    assert (past.fields["title"], past.version, past.of) == ("old", 1, 2)
    assert [(f.path, f.state) for f in past.files] == [("7/1_p0.png", "stored")]
    assert past.counters is not None
    assert past.counters.total_view == 1000
    now = db.read_sync(history.at, PICTURE, NOW + 9 * DAY)
    assert now is not None
    assert (now.fields["title"], now.version) == ("new", 2)
    assert now.counters is not None
    assert now.counters.total_view == 2000
    assert db.read_sync(history.at, PICTURE, NOW - 1) is None
    assert db.read_sync(history.first_known, PICTURE) == NOW


def test_times_in_json_are_iso(db: Database):
    show(db, illust(1))
    told_json = told(db).as_dict()
    assert told_json["versions"][0]["at"] == told_json["states"][0]["at"] == "2023-11-14T22:13:20+00:00"
    past = db.read_sync(history.at, PICTURE, NOW)
    assert past is not None
    assert past.as_dict()["moment"] == "2023-11-14T22:13:20+00:00"
    assert past.as_dict()["title"] == "picture 1"


# --- laws

_TITLES = st.sampled_from(["", "A", "B"])
_ANSWERS = st.one_of(
    st.tuples(
        st.sampled_from(["list", "feed", "detail"]),
        _TITLES,
        _TITLES,
        st.lists(st.sampled_from(["x", "y"]), max_size=2, unique=True),
        st.sampled_from([1, 2]),
        st.sampled_from(["2023/04/27/13/39/51", LATER]),
    ),
    st.just(None),
)


class Model:
    """What must come out, told as simply as can be: what detail says stands, even if it is empty."""

    def __init__(self) -> None:
        self.versions: list[Any] = []
        self.detailed = False

    def answer(self, endpoint: str, title: str, caption: str, tags: list[str], pages: int, date: str) -> None:
        old = self.versions[-1] if self.versions else ("", "", [], {})
        newest, date = max(old[3].values(), default=""), date.replace("/", "")
        files = dict(old[3]) if date < newest else dict.fromkeys(range(pages), date)
        if endpoint != "detail":
            title = title or old[0]
            caption = caption or (old[1] if self.detailed else "")
            tags = tags or (old[2] if self.detailed else [])
        self.detailed |= endpoint == "detail"
        new = (title, caption, tags, files)
        if not self.versions or new != old:
            self.versions.append(new)


def _seen_as(version: dict[str, Any]) -> Any:
    pages = {n: v for n, v in version.items() if n.startswith("page ")}
    files = {int(n.split()[1]): v.version for n, v in pages.items()}
    return version["title"], version["caption"], list(version["tags"]), files


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(answers=st.lists(_ANSWERS, max_size=8))
def test_the_versions_are_those_that_the_answers_showed(db: Database, answers: list[Any]):
    model = Model()

    def replay(conn: Connection) -> tuple[list[Any], Sequence[Any], Any, list[Any], int]:
        savepoint = conn.begin_nested()
        for i, answer in enumerate(answers):
            if answer is None:
                record_works(conn, seen(NOW + i), works(stub(1)), {})
                continue
            endpoint, title, caption, tags, pages, date = answer
            raw = illust(1, title=title, caption=caption, tags=tags, pages=pages, date=date)
            record_works(conn, seen(NOW + i, endpoint=endpoint), works(raw), {})
            model.answer(*answer)
        steps = history._steps(conn, PICTURE)
        row = conn.execute(select(work)).first()
        files = conn.execute(select(media).where(media.c.is_current == 1)).all()
        paths = [r.path for r in conn.execute(select(media.c.path))]
        result = ([dict(s.facts) for s in steps], files, row, paths, len(paths))
        savepoint.rollback()
        return result

    versions, files, row, paths, count = db.run_sync(replay)
    found = [_seen_as(v) for v in versions]
    # A stale answer may move the count of pages alone.
    assert [v for i, v in enumerate(found) if i == 0 or v != found[i - 1]] == model.versions
    assert len(set(paths)) == count
    if model.versions:
        last = versions[-1]
        assert (last["title"], last["caption"], last["page_count"]) == (row.title, row.caption, row.page_count)
        assert {(f.idx, f.version) for f in files} == set(model.versions[-1][3].items())


@given(st.lists(st.sampled_from("abc\n")), st.lists(st.sampled_from("abc\n")))
def test_a_diff_says_what_went_and_what_came(before: list[str], after: list[str]):
    old, new = "".join(before), "".join(after)
    lines = diff(old, new)
    assert (lines == ()) == (old == new)
    kept = old.split("\n") if old else []
    for line in lines:
        if line.startswith("-"):
            kept.remove(line[1:])
    added = [line[1:] for line in lines if line.startswith("+")]
    assert sorted(kept + added) == sorted(new.split("\n") if new else [])


def test_a_rewritten_book_is_not_told_line_by_line():
    assert len(diff("", "\n".join(map(str, range(MOST * 3))))) == MOST + 1
    assert len(diff("", "\n".join(map(str, range(9_000))))) == 1


def test_a_change_reads_as_it_is():
    assert Change("title", "a", "b").diff == ()
