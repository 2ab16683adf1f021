"""Dumps of the dead APIs lie under all that Pixiv said itself, whenever they are imported."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.refs import parse_ref
from pixmirror.ingest import forgetting
from pixmirror.ingest.people import record_profile, record_user_state
from pixmirror.ingest.works import record_works
from pixmirror.ledger.sightings import record_state
from pixmirror.models import Illust, Model, Novel, Received, State, User, UserDetail
from pixmirror.rebuild.dumps import Before, Counted, Dumped, look_at, record
from pixmirror.rebuild.reindex import check, reindex
from pixmirror.reports import export, history, provenance
from pixmirror.reports.why import why
from tests.catalogue.builders import DAY, NOW, illust, novel, seen, stub, user, works
from tests.catalogue.derived import DELETE_ALL, GARBLE_ALL, derived, primary, without_foreign_keys

DUMPED = NOW - 3000 * DAY  # when the dump was made
LATER = NOW + 400 * DAY


def dumped(raw: dict[str, Any]) -> Dumped:
    """A row as if some old API had written it: it never knew of what came later."""
    app = {k: v for k, v in raw.items() if k not in ("illust_ai_type", "sanity_level", "visible", "is_muted")}
    model = Novel if "text_length" in raw else Illust
    return Dumped(model.model_validate(app), raw, app | {"legacy": {"api": "spapi"}})


def old(work_id: int, **changes: Any) -> Dumped:
    given: dict[str, Any] = {"title": "old title", "tags": ["old"], "total_view": 5, "total_comments": 2}
    return dumped(illust(work_id, **given | changes))


def put(db: Database, *rows: Dumped, at: int = DUMPED) -> Counted:
    return db.run_sync(record, rows, at)


def page(db: Database, days: int, *raws: dict[str, Any], endpoint: str = "list") -> None:
    db.run_sync(record_works, seen(NOW + days * DAY, endpoint=endpoint), works(*raws), {})


def rows_of(db: Database) -> dict[str, Any]:
    return db.read_sync(lambda c: {**derived(c), **primary(c)})


def work(rows: Callable[..., list[dict[str, Any]]], key: int) -> dict[str, Any]:
    return rows("SELECT * FROM work WHERE work_key = ?", key)[0]


def test_what_only_a_dump_knows_is_a_work_of_unknown_state_that_nobody_asks_for(db, rows):
    counted = put(db, old(1), old(2, owner=user(8)), dumped(novel(3)))
    assert counted == Counted(works_new=3)
    found = work(rows, 2)
    assert (found["title"], found["state"], found["evidence"]) == ("old title", "unknown", "legacy")
    assert found["first_seen"] == found["state_at"] == DUMPED
    assert found["ai_type"] is None
    for nothing in ("media", "chore", "sighting", "state_change", "work_job"):
        assert rows(f"SELECT * FROM {nothing}") == []
    assert {r["id"]: (r["state"], r["evidence"]) for r in rows("SELECT * FROM user")} == {
        7: ("unknown", "legacy"),
        8: ("unknown", "legacy"),
    }
    assert {db.read_sync(provenance.of_work, key) for key in (2, 4, 7)} == {"legacy"}
    said = " ".join(db.read_sync(why, parse_ref("1"), LATER).answer)
    assert "old dump" in said
    assert "`user` job" in said
    assert [r["provenance"] for r in db.read_sync(lambda c: list(export.export(c, "works")))] == ["legacy"] * 2


def test_the_same_rows_again_change_nothing(db):
    rows = (old(1), dumped(novel(3)), Dumped(User.model_validate(user(9)), user(9), user(9)))
    put(db, *rows)
    before = rows_of(db)
    assert put(db, *rows, at=LATER) == Counted(works_known=2, users_known=1)
    assert rows_of(db) == before


def test_a_dump_never_replaces_what_pixiv_said_and_fills_what_nobody_told(db, rows):
    page(db, 0, illust(1, title="new title", caption="", tags=["new"]))
    before = work(rows, 2)
    put(db, old(1, caption="from the dump"), at=LATER)
    after = work(rows, 2)
    filled = {name for name in after if after[name] != before[name]}
    assert filled == {"caption", "total_comments", "change_seq"}
    assert (after["caption"], after["total_comments"]) == ("from the dump", 2)
    assert db.read_sync(provenance.of_work, 2) == "pixiv"
    page(db, 1, illust(1, title="new title", caption="", tags=["new"]))
    assert work(rows, 2)["caption"] == "from the dump"
    page(db, 2, illust(1, title="new title", caption="", tags=["new"]), endpoint="detail")
    assert work(rows, 2)["caption"] == ""


def test_the_state_of_a_known_work_never_moves(db, rows):
    page(db, 0, stub(1, "limit_mypixiv"), illust(2))
    db.run_sync(record_works, seen(NOW), [], {})
    put(db, old(1), old(2))
    assert [work(rows, key)["state"] for key in (2, 4)] == ["mypixiv", "live"]
    assert work(rows, 2)["title"] == "old title"
    assert rows("SELECT * FROM state_change") == []
    assert check(db, LATER).examples == []


def test_what_pixiv_shows_at_last_is_new_and_its_files_are_wanted(db, rows):
    put(db, old(1))
    new = db.run_sync(record_works, seen(NOW), works(illust(1)), {}).new
    assert new == (2,)
    found = work(rows, 2)
    assert (found["state"], found["first_seen"], found["total_comments"]) == ("live", NOW, 2)
    assert [r["state"] for r in rows("SELECT state FROM media")] == ["wanted"]
    assert rows("SELECT * FROM state_change") == []
    assert rows("SELECT state, first_seen FROM user") == [{"state": "live", "first_seen": NOW}]


def test_the_dump_is_the_oldest_version_whenever_it_came(db):
    page(db, 0, illust(1, title="new title"))
    put(db, old(1), at=LATER)
    told = db.read_sync(history.history, parse_ref("1"))
    assert told is not None
    assert [v.by for v in told.versions] == ["legacy", "list"]
    assert told.versions[0].at < NOW
    assert any(
        (c.field, c.before, c.after) == ("title", "old title", "new title") for c in told.versions[1].changes
    )
    people = db.read_sync(history.history, parse_ref("user:7"))
    assert people is not None
    assert [v.by for v in people.versions] == ["legacy"]


def test_what_was_forgotten_is_not_brought_back(db, rows):
    page(db, 0, illust(1), illust(2, owner=user(8)))
    db.run_sync(forgetting.forget, forgetting.Target("work", 2), NOW, 30)
    db.run_sync(forgetting.forget, forgetting.Target("user", 8), NOW, 30)
    before = rows_of(db)
    note = Dumped(User.model_validate(user(8)), user(8), user(8))
    assert put(db, old(1), old(5, owner=user(8)), note) == Counted(forgotten=3)
    assert rows_of(db) == before


def test_forgetting_a_person_takes_what_dumps_say_of_them(db, rows):
    comment = {"comment": "secret words", "user": user(8, name="secret name")}
    note = Dumped(_Comment.model_validate(comment), ["secret words"], comment, ("illust", 1))
    put(db, old(1), old(2, owner=user(8, name="secret name")), note)
    assert db.read_sync(provenance.dumped_comments, 2) == 1
    db.run_sync(forgetting.forget, forgetting.Target("user", 8), NOW, 30)
    kept = db.read_sync(_bodies)
    assert "secret" not in repr(kept)
    assert db.read_sync(provenance.dumped_comments, 2) == 0


class _Comment(Model):
    """Stands for the model of a comment without an id, which is not the catalogue's."""

    user: User


def _bodies(conn: Any) -> list[Any]:
    from pixmirror.catalogue.payloads import unpack

    found = conn.exec_driver_sql("SELECT codec, body FROM payload WHERE base IS NULL").all()
    return [unpack(codec, body) for codec, body in found]


@pytest.mark.parametrize("damage", [DELETE_ALL, GARBLE_ALL])
def test_what_dumps_told_is_built_again(catalogue_path: Path, damage: tuple[str, ...]) -> None:
    db = Database.open(catalogue_path)
    put(db, old(1), old(2, owner=user(8)), old(4, title="older"), dumped(novel(3)))
    page(db, 0, illust(1, title="new", caption=""), stub(2))
    put(db, old(4, title="two dumps differ", tags=[]), old(6), at=DUMPED + DAY)
    page(db, 1, illust(6, owner=user(8)), endpoint="feed")
    db.run_sync(record_state, seen(NOW, endpoint="detail"), 8, State.GONE, "detail: 404")
    assert check(db, LATER).examples == []
    before = db.read_sync(derived)
    db.close()
    without_foreign_keys(catalogue_path, *damage)
    db = Database.open(catalogue_path)
    assert not reindex(db, LATER).same
    assert db.read_sync(derived) == before
    db.close()


# --- the law: where in a history a dump is imported makes no difference

_ids = st.integers(1, 3)
_titles = st.sampled_from(("", "a", "b"))
_some = st.fixed_dictionaries(
    {
        "title": st.sampled_from(("a", "b")),
        "caption": _titles,
        "tags": st.lists(st.sampled_from("xyz"), unique=True),
    }
)
_names = st.builds(lambda i, n: user(i, name=n), st.integers(7, 8), st.sampled_from(("one", "two")))
_page = st.tuples(
    st.sampled_from(("list", "feed", "detail")),
    st.builds(lambda i, some, owner: illust(i, owner=owner, **some), _ids, _some, _names),
)
_stub = st.tuples(st.just("list"), st.builds(stub, _ids, st.sampled_from(("limit_unknown", "limit_mypixiv"))))
_profile = st.tuples(st.just("profile"), _names)
_old = st.builds(
    lambda i, some, owner, total: old(i, owner=owner, total_comments=total, **some),
    *(_ids, _some, _names, st.sampled_from((None, 3))),
)


def _happen(db: Database, day: int, what: tuple[str, dict[str, Any]]) -> None:
    endpoint, raw = what
    if endpoint == "profile":
        whole = {"user": raw | {"comment": "me"}, "profile": {"total_illusts": 1}}
        received = Received(UserDetail.model_validate(whole), whole)
        db.run_sync(record_profile, seen(NOW + day * DAY), received)
    else:
        page(db, day, raw, endpoint=endpoint)


def _story(empty: Path, happenings: Sequence[Any], dump: Sequence[Dumped], when: int) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        db = Database.open(Path(shutil.copy(empty, Path(folder) / "catalogue.db")))
        try:
            for day, what in enumerate(happenings):
                if day == when:
                    put(db, *dump)
                _happen(db, day, what)
            if when == len(happenings):
                put(db, *dump)
            assert check(db, LATER).examples == []
            return db.read_sync(derived)
        finally:
            db.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    happenings=st.lists(st.one_of(_page, _page, _stub, _profile), min_size=1, max_size=6),
    dump=st.lists(_old, min_size=1, max_size=3),
    when=st.integers(0, 6),
)
def test_it_makes_no_difference_when_a_dump_comes(empty_catalogue, happenings, dump, when):
    last = _story(empty_catalogue, happenings, dump, len(happenings))
    assert _story(empty_catalogue, happenings, dump, min(when, len(happenings))) == last


def test_a_look_counts_what_a_recording_would(db):
    page(db, 0, illust(2))
    put(db, old(3))
    rows = [
        old(1),
        old(1),
        old(1, title="other"),
        old(2),
        old(3),
        Dumped(User.model_validate(user(7)), 1, user(7)),
    ]
    before = rows_of(db)
    seen_before = Before()
    looked = db.read_sync(look_at, rows, seen_before)
    again = db.read_sync(look_at, rows, seen_before)
    assert rows_of(db) == before
    assert looked == put(db, *rows)
    assert again == put(db, *rows)
    assert looked == Counted(works_new=1, works_more=2, works_known=2, users_more=1)


def test_a_user_of_dumps_who_left_and_came_back(db, rows):
    put(db, old(1, owner=user(8)))
    db.run_sync(record_user_state, seen(NOW), 8, State.USER_GONE, "profile: 404")
    assert rows("SELECT state FROM user WHERE id = 8") == [{"state": "user_gone"}]
    assert check(db, LATER).examples == []
    page(db, 2, illust(1, owner=user(8)))
    assert rows("SELECT state FROM user WHERE id = 8") == [{"state": "live"}]
    assert check(db, LATER).examples == []
