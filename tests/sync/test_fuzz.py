"""Answers that are changed anywhere, through the client to the catalogue: nothing breaks, no neighbour is lost."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Connection, Database
from pixmirror.errors import PixmirrorError
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.comments import record_comments
from pixmirror.ingest.works import record_works
from pixmirror.models import Listing
from pixmirror.pixiv import AppApi, Auth, Pacer, Transport
from pixmirror.pixiv.app import comments, illusts, novels
from pixmirror.pixiv.tokens import read_token
from pixmirror.sync.recording import write_page
from tests.catalogue.builders import NOW, comment, illust, novel, seen, ugoira, user
from tests.hostile.answers import NASTY
from tests.pixiv.conftest import FIXTURES, FakeClock

EACH = 500  # answers to one catalogue, so that it stays small
CHECKED = 50  # answers, after which their neighbours are looked for


def mutate(rng: Random, value: Any) -> Any:
    """Change one place of it, anywhere."""
    if rng.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return rng.choice(NASTY) if rng.random() < 0.9 else {"in": value, "again": [value]}
    if isinstance(value, list):
        place = rng.randrange(len(value))
        return [*value[:place], mutate(rng, value[place]), *value[place + 1 :], *value[: rng.random() < 0.1]]
    name = rng.choice(list(value))
    rest = {key: inner for key, inner in value.items() if key != name}
    if rng.random() < 0.15:
        return rest
    changed = {**rest, name: mutate(rng, value[name])}
    return (
        {**changed, rng.choice(("id", "user", "new", "")): rng.choice(NASTY)} if rng.random() < 0.05 else changed
    )


@dataclass(frozen=True)
class Target:
    """A list: the name of its items, one of them by number, how it is asked for, and how a page is recorded."""

    key: str
    item: Callable[[int], dict[str, Any]]
    ask: Callable[[AppApi], Awaitable[Listing[Any]]]
    record: Callable[[Connection, Listing[Any]], object]
    found: str  # SQL for the ids that are here


def _works(conn: Connection, page: Listing[Any]) -> None:
    record_broken(conn, page.endpoint, page.unread, NOW)
    record_works(conn, seen(), page.items, {})


def _comments(conn: Connection, page: Listing[Any]) -> None:
    record_broken(conn, page.endpoint, page.unread, NOW)
    record_comments(conn, seen(), 2, page.items)


def _any_illust(number: int) -> dict[str, Any]:
    owner = user(1000 + number % 50)
    if number % 3 == 0:
        return ugoira(number, owner=owner)
    return illust(number, pages=1 + number % 3, tags=["猫", f"tag {number % 20}"], owner=owner)


TARGETS = (
    Target(
        "illusts", _any_illust, illusts.follow, _works,
        "SELECT work_key >> 1 FROM work WHERE work_key & 1 = 0 AND title = 'picture ' || (work_key >> 1) "
        "AND (type = 'ugoira' OR EXISTS (SELECT 1 FROM media WHERE owner_kind = 'work' AND owner_id = work_key))",
    ),
    Target(
        "novels", lambda n: novel(n, tags=["猫"]), novels.follow, _works,
        "SELECT work_key >> 1 FROM work WHERE work_key & 1 = 1 AND title = 'story ' || (work_key >> 1)",
    ),
    Target(
        "comments", comment, lambda api: comments.illust_comments(api, 1), _comments,
        "SELECT comment_key >> 1 FROM comment WHERE comment = 'nice'",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fuzz") / "empty.db"
    migrate.upgrade(path)
    return path


class Upstream:
    """Answers with `body` to whatever is asked."""

    body = b""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, stream=httpx.ByteStream(self.body), headers={"content-type": "application/json"}
        )


async def answers(db: Database, target: Target, seed: int, count: int) -> int:
    """So many changed answers, into one catalogue. Return how many were refused as a whole."""
    rng, upstream, clock = Random(seed), Upstream(), FakeClock()
    refused, due, number = 0, set[int](), 1_000_000  # ids that no change makes
    async with Transport(clock, Pacer(clock, per_minute=0), trust_env=False, tries=1) as transport:
        transport._api = httpx.AsyncClient(transport=httpx.MockTransport(upstream))
        token = read_token(json.loads((FIXTURES / "token.json").read_text()), clock.now())
        api = AppApi(transport, Auth(transport, token=token))
        await db.run(record_works, seen(), [], {})
        for turn in range(1, count + 1):
            items = [target.item(number + n) for n in range(1, 5)]
            spoilt = rng.randrange(4)
            neighbours = {item["id"] for n, item in enumerate(items) if n != spoilt}
            number += 4
            changed: Any = items[spoilt]
            for _ in range(rng.choice((1, 1, 1, 2, 5))):
                changed = mutate(rng, changed)
            page = {target.key: [*items[:spoilt], changed, *items[spoilt + 1 :]], "next_url": None}
            upstream.body, is_whole = _written(rng, page)
            try:
                listing = await target.ask(api)
                await write_page(db, listing, target.record)
            except PixmirrorError:
                assert not is_whole, f"seed {seed}, answer {turn}: one item took its page with it: {changed!r}"
                refused += 1
                continue
            due |= neighbours if is_whole else set()
            if turn % CHECKED == 0 or turn == count:
                here = await db.read(lambda c: set(c.exec_driver_sql(target.found).scalars()))
                assert due <= here, f"seed {seed}, up to answer {turn}: {due - here} are lost"
                due.clear()
    return refused


def _written(rng: Random, page: Any) -> tuple[bytes, bool]:
    """Return the bytes of an answer, and whether only one item of it was changed."""
    body = json.dumps(page).encode()
    if rng.random() < 0.9:
        return body, True
    place = rng.randrange(len(body))
    what = rng.random()
    if what < 0.4:
        return body[:place], False
    if what < 0.8:
        return body[:place] + bytes((rng.randrange(256),)) + body[place + 1 :], False
    return json.dumps(mutate(rng, page)).encode(), False


def fuzz(empty: Path, folder: Path, target: Target, seeds: Iterator[int] | range, count: int) -> None:
    refused = 0
    for seed in seeds:
        path = Path(shutil.copy(empty, folder / f"{seed}.db"))
        with Database.open(path) as db:
            refused += asyncio.run(answers(db, target, seed, count))
        path.unlink()
    assert refused


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.key)
def test_a_changed_item_breaks_nothing_and_takes_no_neighbour_with_it(
    empty: Path, tmp_path: Path, target: Target
) -> None:
    fuzz(empty, tmp_path, target, range(1), 120)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.key)
def test_a_hundred_thousand_changed_answers_break_nothing(
    empty: Path, tmp_path: Path, target: Target, part: int
) -> None:
    fuzz(empty, tmp_path, target, range(1000 * part, 1000 * part + 17), EACH)
