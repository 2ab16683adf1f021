"""What is put off because of an endpoint that answers nothing right comes again when the endpoint answers."""

from pixmirror.catalogue import chores, endpoints
from pixmirror.catalogue.database import Database
from pixmirror.models import Lane
from tests.catalogue.builders import NOW

THING = "comments:illust"


def test_who_learns_of_a_rest_when_it_is_just_over_is_not_put_off(db: Database) -> None:
    db.run_sync(chores.add, "comments", 2, int(Lane.EXTRA), NOW)
    for _ in range(2):
        db.run_sync(endpoints.failing, THING, "Pixiv failed (500).", NOW)
    rest = db.run_sync(endpoints.may_ask, THING, NOW)
    assert rest is not None
    db.run_sync(endpoints.answered, THING, NOW)
    db.run_sync(endpoints.wait, THING, rest, key=2)
    assert [chore.key for chore in db.read_sync(chores.due, NOW, 9)] == [2]


def test_who_comes_while_an_endpoint_rests_waits_with_the_others(db: Database) -> None:
    db.run_sync(endpoints.failing, THING, "Pixiv failed (500).", NOW)
    rest = db.run_sync(endpoints.may_ask, THING, NOW)
    assert rest is not None
    db.run_sync(chores.add, "comments", 2, int(Lane.EXTRA), NOW)
    db.run_sync(endpoints.wait, THING, rest, key=2)
    assert not db.read_sync(chores.due, NOW, 9)
    db.run_sync(endpoints.answered, THING, NOW)
    assert [chore.key for chore in db.read_sync(chores.due, NOW, 9)] == [2]
