"""tests/coverage.toml as objects, and the things of a demo world that its examples name."""

import importlib
import inspect
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixmirror.demo.own import Upload
from pixmirror.demo.world import LIVE, World

REPO = Path(__file__).parents[2]
DRAFT = REPO / "tests" / "pixiv" / "fixtures" / "draft_detail.json"
FILE = REPO / "tests" / "coverage.toml"
PICTURES = sorted(str(path) for path in (REPO / "tests" / "pixiv" / "fixtures" / "pictures").iterdir())
APP_DOCUMENTS = ("002", "003", "004", "facts")


@dataclass(frozen=True)
class Endpoint:
    """An entry; the head of the file says what each field is."""

    document: str
    name: str
    path: str
    method: str
    function: str
    params: dict[str, Any]
    fields: list[str] = field(default_factory=list)
    fixture: str = ""
    example: dict[str, Any] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    wire: dict[str, str] = field(default_factory=dict)
    before: str = ""
    gone: str = ""
    tested: str = ""
    demo: bool = True
    pixivpy: str = ""
    pixivapi: str = ""

    @property
    def label(self) -> str:
        return f"{self.document} {self.name}"

    @property
    def call(self) -> Callable[..., Any]:
        function: Callable[..., Any] = find(self.function)
        return function

    @property
    def takes(self) -> list[str]:
        """The parameters of our function but for the api and what all lists take."""
        return [
            name
            for name in inspect.signature(self.call).parameters
            if name not in ("api", "next", "filter", "progress")
        ]

    def real_path(self, args: dict[str, Any]) -> str:
        return self.path.format(**args)


def find(name: str) -> Any:
    """The thing of a dotted name, which may lie in a class."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part)
        return thing
    raise AssertionError(name)


def load() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def endpoints(*documents: str) -> list[Endpoint]:
    """The entries of the App API's documents."""
    known = set(Endpoint.__dataclass_fields__)
    found = [entry for entry in load()["endpoint"] if entry["document"] in (documents or APP_DOCUMENTS)]
    for entry in found:
        assert set(entry) <= known, f"{entry['name']} has {set(entry) - known}"
    return [Endpoint(**entry) for entry in found]


class Examples:
    """What the $words of examples stand for in a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def args(self, example: dict[str, Any]) -> dict[str, Any]:
        args = dict(example)
        for name, value in args.items():
            if isinstance(value, str) and value.startswith("$"):
                args[name] = getattr(self, value[1:])(args)
        return args

    def _live(self, **wanted: Any) -> Any:
        works = (w for w in self.world.works.values() if w.state == LIVE)
        return next(w for w in works if all(getattr(w, name) == value for name, value in wanted.items()))

    def _busiest(self, medium: str) -> int:
        sizes = {user: len(ids) for (user, m), ids in self.world.by_user.items() if m == medium}
        return max(sizes, key=lambda user: sizes[user])

    def _series(self, medium: str) -> Any:
        return next(
            s
            for s in self.world.series.values()
            if s.medium == medium and sum(self.world.works[medium, i].state == LIVE for i in s.works) > 2
        )

    def _commented(self, medium: str) -> int:
        threads = self.world.threads.items()
        live = [(len(t), i) for (m, i), t in threads if m == medium and self.world.works[m, i].state == LIVE]
        return max(live)[1]

    def me(self, _: Any) -> int:
        return self.world.me

    def illust(self, _: Any) -> int:
        return int(self._live(type="illust").id)

    def novel(self, _: Any) -> int:
        return int(self._live(medium="novel").id)

    def ugoira(self, _: Any) -> int:
        return int(self._live(type="ugoira").id)

    def artist(self, _: Any) -> int:
        return self._busiest("illust")

    def writer(self, _: Any) -> int:
        return self._busiest("novel")

    def stranger(self, _: Any) -> int:
        followed = self.world.follows[self.world.me]
        return next(
            u.id for u in self.world.users.values() if u.id not in (self.world.me, *followed) and not u.gone
        )

    def bookmarked(self, _: Any) -> int:
        marks = self.world.bookmarks[self.world.me].values()
        return next(
            m.key[1]
            for m in marks
            if m.key[0] == "illust" and m.restrict == "public" and self.world.works[m.key].state == LIVE
        )

    def series(self, _: Any) -> int:
        return int(self._series("illust").id)

    def novel_series(self, _: Any) -> int:
        return int(self._series("novel").id)

    def series_artist(self, _: Any) -> int:
        return int(self._series("illust").user_id)

    def series_writer(self, _: Any) -> int:
        return int(self._series("novel").user_id)

    def in_series(self, _: Any) -> int:
        return int(self._series("illust").works[1])

    def commented_illust(self, _: Any) -> int:
        return self._commented("illust")

    def commented_novel(self, _: Any) -> int:
        return self._commented("novel")

    def root(self, args: dict[str, Any]) -> int:
        comments = self.world.comments.values()
        return next(
            c.parent_id
            for c in comments
            if c.parent_id and c.medium == args["medium"] and self.world.works[c.medium, c.work_id].state == LIVE
        )

    def pictures(self, _: Any) -> list[str]:
        return PICTURES

    def own_illust(self, _: Any) -> int:
        return self.world.post(self.world.me).id

    def own_novel(self, _: Any) -> int:
        return self.world.post(self.world.me, "novel").id

    def convert_key(self, _: Any) -> str:
        key = f"key {len(self.world.own.uploads)}"
        self.world.own.uploads[key] = Upload(self.own_illust(_))
        return key

    def draft(self, _: Any) -> int:
        """One that a client saved before."""
        number = max(self.world.own.drafts, default=0) + 1
        self.world.own.drafts[number] = json.loads(DRAFT.read_text())["novel_draft"] | {"novel_draft_id": number}
        return number

    def own_illust_comment(self, _: Any) -> int:
        return self.world.comment(("illust", self.illust(_)), self.world.me, "a").id

    def own_novel_comment(self, _: Any) -> int:
        return self.world.comment(("novel", self.novel(_)), self.world.me, "a").id

    def tag(self, _: Any) -> str:
        return str(self._live(type="illust").tags[0])

    def novel_tag(self, _: Any) -> str:
        return str(self._live(medium="novel").tags[0])

    def name(self, _: Any) -> str:
        return self.world.users[self.artist(_)].name[:2]
