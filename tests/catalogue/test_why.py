"""Why explains any id, also one that was never seen: everything that bears on it, in sentences and as JSON."""

import json
from typing import Any

import pytest

from pixmirror.catalogue import runs
from pixmirror.catalogue import schema as s
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.feeds import NEVER
from pixmirror.catalogue.refs import Ref
from pixmirror.ingest.people import record_user_state
from pixmirror.ingest.works import record_works
from pixmirror.ledger import moves
from pixmirror.ledger.judge import accept
from pixmirror.ledger.sightings import record_state
from pixmirror.models import State
from pixmirror.reports.why import Why, why
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, seen, works

WORK = Ref("illust", 1)
SEEN = {"first_seen": NOW, "last_seen": NOW}


@pytest.fixture
def mine(db: Database) -> Database:
    put(db, s.account, {"id": ME, "name": "me", "account": "me", "seen_at": NOW})
    return db


def put(db: Database, table: Any, *rows: dict[str, Any]) -> None:
    db.run_sync(lambda c: [c.execute(table.insert().values(**row)) for row in rows])


def ask(db: Database, ref: Ref = WORK, now: int = NOW) -> Why:
    found = db.read_sync(why, ref, now)
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()
    return found


def told(db: Database, ref: Ref = WORK, now: int = NOW) -> str:
    return " ".join(ask(db, ref, now).answer)


def test_versions_are_counted_and_the_last_change_dated(mine: Database) -> None:
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    assert ask(mine).facts.versions == 1
    assert "versions" not in told(mine)
    mine.run_sync(record_works, seen(NOW + DAY), works(illust(1, title="new")), {})
    found = ask(mine).as_dict()
    assert (found["versions"], found["changed_at"]) == (2, "2023-11-15T22:13:20+00:00")
    says = "2 versions are kept, the last change was seen at 2023-11-15 22:13 UTC: `pixmirror show 1 --history`."
    assert says in told(mine)


def test_evidence_that_is_a_sentence_keeps_its_one_full_stop(mine: Database) -> None:
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    mine.run_sync(moves.move, "work", [moves.Move(2, "gone", "detail: HTTP 404.", ME)], NOW + HOUR)
    assert "Evidence: detail: HTTP 404. " in told(mine)
    assert ".." not in told(mine)


def test_one_bad_sighting_is_a_miss_that_a_second_one_must_confirm(mine: Database) -> None:
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    mine.run_sync(record_state, seen(NOW + HOUR, endpoint="detail"), 2, State.GONE, "detail: 404")
    answer = told(mine)
    assert "Denied once at 2023-11-14 23:13 UTC (gone: detail: 404); it is believed only if that happens" in answer


def test_a_doubt_says_when_it_is_believed_and_a_brake_why_it_is_not(mine: Database) -> None:
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    for when in (NOW + HOUR, NOW + 2 * DAY):
        mine.run_sync(record_state, seen(when, endpoint="detail"), 2, State.GONE, "detail: 404")
    found = ask(mine)
    assert found.facts.doubt is not None
    assert found.facts.doubt.confirmed_at == NOW + 2 * DAY
    assert "In doubt: gone since 2023-11-14 23:13 UTC" in told(mine)
    assert "It is believed after" in told(mine)

    brake = {"since": NOW, "count": 50, "live": 60, "states": {"gone": 50}, "why": "many"}
    mine.run_sync(runs.set_meta, "brake:work", json.dumps(brake))
    assert "The brake holds it: 50 of 60 live works" in told(mine)
    assert "It is believed after" not in told(mine)

    mine.run_sync(accept, "work", NOW + 3 * DAY)
    assert "Its state moved: gone since 2023-11-17 22:13 UTC (detail: 404)." in told(mine)
    assert ask(mine).as_dict()["states"][0]["since"] == "2023-11-17T22:13:20+00:00"


@pytest.mark.parametrize(
    ("grave", "says"),
    [
        ({"owner_kind": "work", "owner_id": 2, "purge_at": NOW + DAY}, "You forgot it at 2023-11-14"),
        ({"owner_kind": "page", "owner_id": 2, "idx": 3, "purge_at": None}, "You forgot page 3 of it at"),
        ({"owner_kind": "user", "owner_id": 7, "purge_at": None}, "You forgot its artist at"),
    ],
)
def test_what_you_forgot_is_said_first(mine: Database, grave: dict[str, Any], says: str) -> None:
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    put(mine, s.tombstone, {"at": NOW, **grave})
    first = ask(mine).answer[0]
    assert first.startswith(says)
    until = "files can be brought back until 2023-11-15" if grave["purge_at"] else "no file of it is left"
    assert until in first


def test_an_id_that_only_the_web_names_tells_whose_it_is(mine: Database) -> None:
    put(mine, s.user, {"id": 7, "name": "Ann", "account": "ann", **SEEN})
    put(mine, s.web_listed, {"user_id": 7, "work_key": 2, **SEEN})
    put(mine, s.follow, {"account_id": ME, "user_id": 7, "restrict": "public", **SEEN})
    feed = {"account_id": ME, "endpoint": "user/illusts", "params": '{"user_id":7}', "job": "f", "lane": 3}
    put(mine, s.feed, feed | {"id": 1, "head_at": NOW, "full_at": NOW, "refresh_at": NOW + DAY})
    put(mine, s.gap, {"feed_id": 1, "kind": "full", "spec": "{}", "opened_at": NOW})
    found = ask(mine)
    assert not found.known
    answer = told(mine)
    assert "Never seen" in answer
    assert "The web lists it for Ann (user:7), last at 2023-11-14 22:13 UTC; the App does not." in answer
    assert "Its artist Ann (user:7) is followed (public); their list was last read whole at 2023-11-14" in answer
    assert "1 part of that list is still to be read; it may be there." in answer
    assert "Their list is read again at 2023-11-15 22:13 UTC, to see what changed." in answer
    assert found.as_dict()["artist"]["lists"][0]["refresh_at"] == "2023-11-15T22:13:20+00:00"


def test_a_work_of_one_who_left_says_that_nobody_asks_any_more(mine: Database) -> None:
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    for when in (NOW + HOUR, NOW + 3 * DAY):
        mine.run_sync(record_user_state, seen(when), 7, State.USER_GONE, "profile: 404")
    mine.run_sync(accept, "user", NOW + 3 * DAY)
    feed = {"account_id": ME, "endpoint": "user/illusts", "params": '{"user_id":7}', "job": "f", "lane": 3}
    put(mine, s.feed, feed | {"id": 1})
    put(mine, s.gap, {"feed_id": 1, "kind": "full", "spec": "{}", "opened_at": NOW, "due_at": NEVER})
    answer = told(mine)
    assert "Its artist artist 7 (user:7) has left Pixiv: their lists are no longer read." in answer
    assert "the artist left Pixiv" in answer
    user = ask(mine, Ref("user", 7))
    assert all(p.due_at is None or p.due_at < NEVER for p in user.pending)
    assert "Its state moved: user_gone" in " ".join(user.answer)


def test_what_became_of_your_bookmark_is_told(mine: Database) -> None:
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    one = {"account_id": ME, "kind": "bookmark", "item": 2}
    put(
        mine, s.drift,
        one | {"event": "added", "before": None, "after": "public", "at": NOW},
        one | {"event": "tags", "before": "[]", "after": '["cat", "blue"]', "at": NOW + HOUR},
        one | {"event": "removed", "before": "public", "after": None, "at": NOW + DAY},
    )  # fmt: skip
    put(mine, s.bookmark, {"account_id": ME, "work_key": 2, "restrict": "public", "state": "gone", **SEEN})
    says = (
        "Your bookmark: went (public) at 2023-11-15 22:13 UTC; got other tags (cat, blue) at 2023-11-14 23:13 UTC;"
        " came (public) at 2023-11-14 22:13 UTC."
    )
    assert says in told(mine)
    assert ask(mine).as_dict()["bookmark"] == "gone"


@pytest.mark.parametrize("ref", [Ref("illust", 999), Ref("novel", 999), Ref("user", 999)])
def test_an_id_of_which_nothing_is_known_has_an_answer_too(mine: Database, ref: Ref) -> None:
    found = ask(mine, ref)
    assert not found.known
    assert found.answer[0].startswith("Never seen")
    assert found.facts.versions == 0
