"""Everything derived can be built again from what is primary, and is then the same (architecture: kept raw)."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pixmirror.catalogue.database import Database
from pixmirror.cli.reindex import as_dict
from pixmirror.ingest.files import record_text, record_ugoira
from pixmirror.ingest.people import record_profile, record_user_state, record_users
from pixmirror.ingest.works import record_works
from pixmirror.ledger import judge
from pixmirror.ledger.sightings import record_state
from pixmirror.models import NovelText, Received, State, Stored, UgoiraMetadata, User, UserDetail
from pixmirror.rebuild.reindex import check, reindex
from tests.catalogue.builders import DAY, HOUR, NOW, illust, novel, seen, stub, tag, ugoira, user, works
from tests.catalogue.derived import DELETE_ALL, GARBLE_ALL, derived, last_seen, primary, without_foreign_keys

LATER = NOW + 400 * DAY


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    db = Database.open(path)
    try:
        yield db
    finally:
        db.close()


def profile(user_id: int, **changes: Any) -> Received[UserDetail]:
    raw = {
        "user": user(user_id, comment="about me") | changes,
        "profile": {"total_illusts": 3, "background_image_url": f"https://i.pximg.net/bg/{len(changes)}.jpg"},
    }
    return Received(UserDetail.model_validate(raw), raw)


def a_history(db: Database) -> None:
    """Edits, a replaced file, renames, a work that comes and goes, one that leaves, two languages."""
    day = 0

    def page(*raws: dict[str, Any], endpoint: str = "list", language: str = "en", days: int = 1) -> None:
        nonlocal day
        day += days
        now = NOW + day * DAY
        db.run_sync(record_works, seen(now, endpoint=endpoint, language=language), works(*raws), {})

    series = {"id": 5, "title": "tale"}
    page(illust(1, pages=2, tags=[tag("猫", "cat"), "b"]), novel(2, tags=["b"], series=series), stub(4), ugoira(3))
    page(illust(1, pages=2, title="new title", tags=[tag("猫", "cat")]), illust(5, owner=user(8), caption=""))
    page(illust(5, owner=user(8), caption="from detail", tags=["only", "here"]), endpoint="detail")
    page(illust(5, owner=user(8), caption="", total_view=5000), illust(4, tags=["late"]), endpoint="feed")
    page(illust(1, date="2024/01/01/00/00/00", tags=[tag("猫", "Katze"), "c"]), language="de")
    page(illust(1, pages=2, title="new title", tags=[tag("猫", "cat")]), endpoint="feed")
    page(novel(2, owner=user(7, name="renamed"), tags=[], series=series | {"title": "the tale"}))
    page(stub(1, "limit_mypixiv"), days=2)
    page(stub(1, "limit_mypixiv"), stub(9, "limit_unviewable"), days=2)
    db.run_sync(judge.accept, "work", NOW + day * DAY)
    page(stub(9, "limit_mypixiv"), days=2)
    page(stub(9, "limit_mypixiv"), days=2)
    now = NOW + (day + 1) * DAY
    db.run_sync(record_profile, seen(now), profile(7))
    db.run_sync(record_users, seen(now + HOUR), [User.model_validate(user(7, name="renamed again"))])
    frames = {
        "zip_urls": {"medium": "https://i.pximg.net/img-zip-ugoira/img/2023/04/27/13/39/51/3_ugoira600x600.zip"}
    }
    frames["frames"] = [{"file": "0.jpg", "delay": 80}]  # type: ignore[assignment]
    db.run_sync(record_ugoira, seen(now), 3, UgoiraMetadata.model_validate(frames))
    text = {"id": 2, "text": "once", "userId": 7, "coverUrl": "https://i.pximg.net/img/2023/01/02/03/04/05/c.jpg"}
    db.run_sync(record_text, seen(now), Received(NovelText.model_validate(text), text))
    for when in (now, now + 2 * DAY):
        db.run_sync(record_state, seen(when, endpoint="detail"), 10, State.GONE, "detail: 404")
        db.run_sync(record_user_state, seen(when), 8, State.USER_GONE, "profile: 404")
    day += 3
    page(illust(6))
    db.run_sync(record_profile, seen(now + 2 * DAY), profile(7))
    for kind in ("work", "user"):
        db.run_sync(judge.accept, kind, NOW + (day + 1) * DAY)


@pytest.mark.parametrize("damage", [DELETE_ALL, GARBLE_ALL, ("DELETE FROM tag",), ("DELETE FROM work",)])
def test_what_is_derived_is_the_same_after_it_was_lost(catalogue_path: Path, damage: tuple[str, ...]) -> None:
    with opened(catalogue_path) as db:
        a_history(db)
        before, kept, times = db.read_sync(derived), db.read_sync(primary), db.read_sync(last_seen)
        assert {row[-5] for row in before["work"]} >= {"live", "mypixiv"}
        assert db.read_sync(lambda c: c.exec_driver_sql("SELECT 1 FROM user WHERE state = 'user_gone'").all())
        assert check(db, LATER).examples == []
    without_foreign_keys(catalogue_path, *damage)
    with opened(catalogue_path) as db:
        assert not check(db, LATER).same
        assert not reindex(db, LATER).same
        assert db.read_sync(derived) == before
        assert db.read_sync(primary) == kept
        assert db.read_sync(last_seen) == times
        assert reindex(db, LATER).same
        assert check(db, LATER).same
        assert db.read_sync(lambda c: c.exec_driver_sql("PRAGMA foreign_key_check").all()) == []


@pytest.mark.parametrize(
    ("statement", "table", "column"),
    [
        ("UPDATE work SET caption = 'spoilt' WHERE work_key = 2", "work", "caption"),
        ("UPDATE work SET total_bookmarks = 7 WHERE work_key = 10", "work", "total_bookmarks"),
        ("UPDATE work SET state = 'gone' WHERE work_key = 6", "work", "state"),
        ("UPDATE user SET name = 'spoilt' WHERE id = 7", "user", "name"),
        ("UPDATE tag SET works = 40 WHERE name = 'b'", "tag", "works"),
        ("UPDATE tag_translation SET text = 'dog' WHERE language = 'en'", "tag_translation", "text"),
        ("UPDATE series SET title = 'spoilt'", "series", "title"),
        ("UPDATE work_tag SET position = 8 WHERE work_key = 10 AND position = 1", "work_tag", "tags"),
    ],
)
def test_a_check_finds_one_spoilt_field_and_writes_nothing(
    catalogue_path: Path, statement: str, table: str, column: str
) -> None:
    with opened(catalogue_path) as db:
        a_history(db)
    without_foreign_keys(catalogue_path, statement)
    with opened(catalogue_path) as db:
        before = db.read_sync(derived)
        found = check(db, LATER)
        assert [(d.table, d.column) for d in found.examples] == [(table, column)]
        assert dict(found.differences) == {table: 1}
        assert db.read_sync(derived) == before


def test_what_is_right_is_not_written(catalogue_path: Path) -> None:
    with opened(catalogue_path) as db:
        a_history(db)
        changes = "SELECT work_key, change_seq FROM work ORDER BY 1"
        before = db.read_sync(lambda c: c.exec_driver_sql(changes).all())
        db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET title = 'spoilt' WHERE work_key = 10"))
        reindex(db, LATER)
        after = db.read_sync(lambda c: c.exec_driver_sql(changes).all())
        assert [key for (key, old), (_, new) in zip(before, after, strict=True) if old != new] == [10]


def test_a_cut_anywhere_leaves_a_sound_catalogue_and_the_next_run_ends_it(
    catalogue_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixmirror.rebuild.reindex.CHUNK", 2)
    monkeypatch.setattr("pixmirror.rebuild.reindex.NAMES", 2)
    with opened(catalogue_path) as db:
        a_history(db)
        before = db.read_sync(derived)
    without_foreign_keys(catalogue_path, *DELETE_ALL)
    for cut in range(1, 40):
        path = Path(shutil.copy(catalogue_path, tmp_path / "cut.db"))
        with opened(path) as db:
            with monkeypatch.context() as patch:
                left = iter(range(cut))
                run = db.run_sync

                def until_cut(*args: Any, run: Any = run, left: Iterator[int] = left) -> Any:
                    if next(left, None) is None:
                        raise KeyboardInterrupt
                    return run(*args)

                patch.setattr(db, "run_sync", until_cut)
                try:
                    reindex(db, LATER)
                except KeyboardInterrupt:
                    ended = False
                else:
                    ended = True
            for row in db.read_sync(derived)["work"]:
                assert row in before["work"]
            reindex(db, LATER)
            assert db.read_sync(derived) == before
        if ended:
            return
    raise AssertionError("never ended")


def test_a_file_that_no_row_knows_is_adopted_and_others_are_wanted_again(catalogue_path: Path) -> None:
    with opened(catalogue_path) as db:
        a_history(db)
        columns = "owner_id, role, idx, version, is_current, url, alternates, path"
        rows = f"SELECT {columns} FROM media ORDER BY 1, 2, 3, 4"
        before = db.read_sync(lambda c: c.exec_driver_sql(rows).all())
        db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM media"))
        here = {"7/1_p0.png", "7/1_p0_20240101000000.png"}

        def adopt(path: str, urls: Sequence[str], create_date: int | None) -> Stored | None:
            return Stored(path, 10, "f" * 64) if path in here else None

        found = reindex(db, LATER, adopt=adopt)
        assert db.read_sync(lambda c: c.exec_driver_sql(rows).all()) == before
        stored = "SELECT path FROM media WHERE state = 'stored'"
        assert set(db.read_sync(lambda c: c.exec_driver_sql(stored).scalars().all())) == here
        assert found.files_adopted == 2
        count = "SELECT count(*) FROM media WHERE state = 'wanted'"
        assert found.files_wanted == db.read_sync(lambda c: c.exec_driver_sql(count).scalar_one()) > 0
        old = "SELECT state FROM media WHERE is_current = 0 AND state NOT IN ('stored', 'gone')"
        assert db.read_sync(lambda c: c.exec_driver_sql(old).all()) == []


def test_files_of_a_work_that_no_job_wants_stay_refused(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {2: "tags_none: x"})
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM media"))
    assert reindex(db, LATER).files_wanted == 0
    assert db.read_sync(lambda c: c.exec_driver_sql("SELECT state FROM media").scalars().all()) == ["refused"]


def test_a_payload_that_cannot_be_read_takes_nothing_away(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1, tags=["a"]), illust(2, tags=["b"])), {})
    before = db.read_sync(derived)
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE payload SET body = x'00' WHERE owner_id = 2"))
    found = reindex(db, LATER)
    assert found.unreadable == 1
    assert db.read_sync(derived) == before


def test_a_catalogue_from_before_moves_were_on_record_keeps_what_only_its_rows_know(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1, total_view=1), illust(2)), {})
    db.run_sync(record_works, seen(NOW + DAY), works(illust(1, total_view=900)), {})
    for when in (2, 5):
        db.run_sync(record_works, seen(NOW + when * DAY), works(stub(2, "limit_mypixiv")), {})
    old = (
        "DELETE FROM stat", "DELETE FROM state_change", "DELETE FROM payload WHERE owner_kind = 'user'",
        "DELETE FROM doubt", "UPDATE payload SET language = NULL",
        f"UPDATE work SET state = 'mypixiv', state_at = {NOW + 5 * DAY}, evidence = 'list: limit_mypixiv_360'"
        " WHERE work_key = 4",
        "UPDATE user SET name = 'newer than any payload'",
    )  # fmt: skip
    db.run_sync(lambda c: [c.exec_driver_sql(statement) for statement in old])
    before = db.read_sync(derived)
    found = reindex(db, LATER)
    assert (found.examples, as_dict(found, check=False)["without_language"]) == ([], 2)
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM work_tag"))
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM work_job"))
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM work WHERE work_key = 4"))
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM user"))
    reindex(db, LATER)
    after = db.read_sync(derived)
    assert after["work"] == before["work"]
    assert [row[:3] for row in after["user"]] == [(7, "artist 7", "user_7")]


# --- any history

_TITLES = st.sampled_from(["A", "B", ""])
_TAGS = st.lists(
    st.builds(tag, st.sampled_from(["x", "y", "z"]), st.sampled_from([None, "ex", "other"])), max_size=3
)
_NAMES = st.sampled_from(["ann", "bob", ""])
_USERS = st.builds(lambda i, name: user(i, name=name), st.sampled_from([7, 8]), _NAMES)
_SERIES = st.sampled_from([None, {"id": 5, "title": "tale"}, {"id": 5, "title": ""}, {"id": 6, "title": "saga"}])


@st.composite
def _answer(draw: st.DrawFn) -> dict[str, Any]:
    work_id = draw(st.sampled_from([1, 2, 3]))
    if draw(st.integers(0, 4)) == 0:
        return stub(work_id, draw(st.sampled_from(["limit_unknown", "limit_mypixiv", "limit_unviewable"])))
    owner = draw(_USERS)
    series = draw(_SERIES)
    changes = {
        "title": draw(_TITLES), "caption": draw(_TITLES), "tags": draw(_TAGS), "owner": owner,
        "total_view": draw(st.integers(1, 3)), "x_restrict": draw(st.integers(0, 1)),
        # A series belongs to one artist.
        "series": series and series | {"id": series["id"] + 10 * owner["id"]},
    }  # fmt: skip
    if draw(st.booleans()):
        tags, person = changes.pop("tags"), changes.pop("owner")
        return novel(work_id, tags=tags, text_length=draw(st.integers(1, 2))) | changes | {"user": person}
    date = draw(st.sampled_from(["2023/04/27/13/39/51", "2024/01/01/00/00/00"]))
    return illust(work_id, pages=draw(st.integers(1, 2)), date=date, **changes)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["list", "feed", "detail", "web", "gone", "user_gone", "judge", "profile"]),
        st.lists(_answer(), min_size=1, max_size=3),
        st.sampled_from(["en", "de"]),
        st.sampled_from([HOUR, 13 * HOUR, 3 * DAY]),
    ),
    max_size=12,
)


def _step(db: Database, kind: str, answers: list[dict[str, Any]], language: str, now: int) -> None:
    how = seen(now, endpoint=kind, language=language)
    match kind:
        case "gone":
            how = replace(how, endpoint="detail")
            db.run_sync(record_state, how, answers[0]["id"] * 2, State.GONE, "detail: 404")
        case "user_gone":
            db.run_sync(record_user_state, how, 7, State.USER_GONE, "profile: 404")
        case "judge":
            for owner in ("work", "user"):
                db.run_sync(judge.accept, owner, now)
        case "profile":
            db.run_sync(record_profile, how, profile(7, name=answers[0]["title"] or "ann"))
        case "detail":
            db.run_sync(record_works, how, works(answers[0]), {})
        case _:
            db.run_sync(record_works, how, works(*answers), {})


def _translated(text: str) -> tuple[str, list[dict[str, Any]], str, int]:
    return "list", [illust({"ex": 1, "other": 2}[text], total_view=0, tags=[tag("x", text)])], "en", HOUR


@example(steps=[_translated(text) for text in ("ex", "other", "ex")], damage=DELETE_ALL)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, damage=st.sampled_from([DELETE_ALL, GARBLE_ALL, (), ("DELETE FROM tag",)]))
def test_whatever_was_answered_a_replay_says_the_same(
    empty_catalogue: Path, steps: Any, damage: tuple[str, ...]
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(shutil.copy(empty_catalogue, Path(folder) / "catalogue.db"))
        with opened(path) as db:
            now = NOW
            for kind, answers, language, pause in steps:
                now += pause
                _step(db, kind, answers, language, now)
            before, kept = db.read_sync(derived), db.read_sync(primary)
            assert check(db, LATER).examples == []
        without_foreign_keys(path, *damage)
        with opened(path) as db:
            reindex(db, LATER)
            assert db.read_sync(derived) == before
            assert db.read_sync(primary) == kept
