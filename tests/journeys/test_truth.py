"""A mirrored demo, exported, is the stand-in's truth row by row."""

import time
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from pixmirror.clock import Clock
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import World
from pixmirror.ingest.ranking import newest_date
from tests.standin import Setup
from tests.truth import Scope, truth

# At 15:00 in Japan: rankings come at noon there, and a test that begins a minute before sees another day's.
NOW_MS = int(time.time() // 86_400) * 86_400_000 + 6 * 3_600_000


class Afternoon(Clock):
    """The time of the day that is set; it runs like any other."""

    def __init__(self) -> None:
        self._ahead_ms = NOW_MS - super().now()

    def now(self) -> int:
        return super().now() + self._ahead_ms


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Setup, World, Scope]]:
    world = generate(WorldSpec(seed=11, now_ms=NOW_MS, artists=8, private=3, others=5, works=130, bookmarks=50))
    day = newest_date(NOW_MS).isoformat()
    scope = Scope(rankings=tuple((m, mode, day) for m in ("illust", "novel") for mode in ("day", "week")))
    with running(create_app(world)) as url:
        setup = Setup(tmp_path_factory.mktemp("truth") / "mirror", url)

        async def once() -> int:
            return (await setup.sync(clock=Afternoon())).exit_code

        assert anyio.run(once) == 0
        yield setup, world, scope


def same(mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """Row by row, in the keys that the truth knows."""
    assert len(mine) == len(theirs)
    for row, true in zip(mine, theirs, strict=True):
        assert {key: row[key] for key in true} == true


@pytest.mark.parametrize(
    "kind", ["works", "novels", "files", "tags", "comments", "bookmarks", "follows", "rankings"]
)
def test_export_equals_the_truth(mirrored: tuple[Setup, World, Scope], kind: str) -> None:
    setup, world, scope = mirrored
    order = {
        "files": lambda r: (r["medium"], r["id"], r["role"], r["page"]),
        "tags": lambda r: r["name"],
        "comments": lambda r: (r["medium"], r["id"]),
        "rankings": lambda r: (r["medium"], r["mode"], r["date"], r["rank"]),
        "follows": lambda r: r["user_id"],
    }.get(kind, lambda r: (r["medium"], r["id"]))

    mine, theirs = sorted(setup.export(kind), key=order), sorted(truth(world, kind, scope), key=order)

    assert theirs
    same(mine, theirs)


def test_users_are_the_truth_and_the_followed_ones_have_their_profile(
    mirrored: tuple[Setup, World, Scope],
) -> None:
    setup, world, scope = mirrored
    followed = {row["user_id"] for row in truth(world, "follows", scope)}

    mine = sorted(setup.export("users"), key=lambda r: r["id"])
    theirs = [
        row if row["id"] in followed else {k: v for k, v in row.items() if k != "comment"}
        for row in sorted(truth(world, "users", scope), key=lambda r: r["id"])
    ]

    same(mine, theirs)


def test_every_file_lies_where_the_catalogue_says_and_no_part_is_left(
    mirrored: tuple[Setup, World, Scope],
) -> None:
    setup, _, _ = mirrored
    media = setup.root / "media"

    rows = setup.export("files")

    assert all((media / row["path"]).stat().st_size == row["size"] for row in rows)
    assert not [p for p in media.rglob("*") if p.name.endswith(".part")]


def test_every_live_work_has_a_sidecar(mirrored: tuple[Setup, World, Scope]) -> None:
    setup, _, _ = mirrored
    media = setup.root / "media"

    live = [row for row in setup.export("works") if row["state"] == "live"]

    assert all((media / str(row["user_id"]) / f"{row['id']}.json").is_file() for row in live)
