"""What tests/coverage.toml says of the App API holds: each endpoint has its function, checks every parameter
before anything is sent, reads its fixture, and goes over HTTP to the demo and back with every value allowed.
"""

import importlib
import inspect
import json
from datetime import date
from typing import Any

import pytest
import respx

from pixmirror import errors
from pixmirror.cli import api as commands
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import create_app, running
from pixmirror.models import Listing, Model, Received
from pixmirror.pixiv import Client, NovelRankingMode, RankingMode
from pixmirror.pixiv.hosts import ALLOWED_HOSTS
from tests.pixiv import reference
from tests.pixiv.covered import PICTURES, REPO, Endpoint, Examples, endpoints, find, load
from tests.pixiv.make_api_page import DOCS, PAGES

pytestmark = pytest.mark.anyio
SUBMITTING = ("submissions", "drafts", "commenting")
ALL = endpoints()
SENT = [e for e in ALL if not (e.tested or e.gone)]
READ = [e for e in SENT if e.fields]
BAD: dict[str, tuple[Any, ...]] = {
    "id": (0, -1, True, "0", "five", 5.0),
    "int": (-1, True, "-1", "five"),
    "cursor": (-2, True, "-2", "five"),
    "text": ("", " ", 5),
    "bool": ("yes", 1),
    "date": ("2025-02-30", "2025-W01-1", "202501-01", "yesterday", 20250101),
    "ids": ([0], "five", [True], 5),
    "texts": ([""], "風景", 5),
    "files": ([], "0.png", ["absent.png"], [5]),
}
GOOD: dict[str, tuple[Any, ...]] = {
    "int": (0, 30, "30"),
    "cursor": (-1, 40_000_000, "-1"),
    "bool": (True, False, "true", "false"),
    "date": (date(2026, 11, 1), "2026-11-01", "20261101"),
    "ids": ([5, 6], ["5", "6"]),
    "texts": (["風景", "夜"],),
}
EXAMPLE_ARGS = {"user_id": 7, "word": "風景", "convert_key": "key", "files": PICTURES}


def labels(entry: Endpoint) -> str:
    return entry.label


def filled(entry: Endpoint) -> dict[str, Any]:
    """Arguments that would do, without a world."""
    return {
        name: EXAMPLE_ARGS.get(name, 5) if isinstance(value, str) and value.startswith("$") else value
        for name, value in entry.example.items()
    }


def bad_values(kind: Any) -> tuple[Any, ...]:
    if isinstance(kind, list):
        return ("nonsense", 99, True)
    return BAD[kind]


def good_values(kind: Any) -> tuple[Any, ...]:
    return tuple(kind) if isinstance(kind, list) else GOOD.get(kind, ())


def test_every_function_of_the_app_api_has_an_entry():
    named = {entry.function for entry in ALL}
    for module in ("illusts", "novels", "users", "comments", "search", "account", "site", *SUBMITTING):
        whole = importlib.import_module(f"pixmirror.pixiv.app.{module}")
        for name, thing in vars(whole).items():
            if inspect.iscoroutinefunction(thing) and not name.startswith("_"):
                assert f"{whole.__name__}.{name}" in named


@pytest.mark.parametrize("entry", ALL, ids=labels)
def test_each_entry_has_its_function_and_the_function_its_parameters(entry):
    function = entry.call
    assert function.__doc__
    if entry.tested:
        assert (REPO / entry.tested).is_file()
        return
    assert sorted(entry.params) == sorted(entry.takes)
    assert set(entry.example) <= set(entry.params)
    assert set(entry.renamed.values()) <= set(entry.params)
    doc = " ".join(function.__doc__.split())
    assert entry.gone or f"{entry.method} {entry.path.split('{')[0]}" in doc
    assert "Source:" in doc
    for name in entry.params:
        named = entry.wire.get(name, name) in doc or f"{{{name}}}" in entry.path or entry.gone
        assert named or ": as " in doc or "; as " in doc


@pytest.mark.parametrize("entry", [e for e in ALL if not e.tested], ids=labels)
@respx.mock
async def test_each_parameter_is_checked_before_anything_is_sent(api, entry):
    for name, kind in entry.params.items():
        for value in bad_values(kind):
            with pytest.raises(errors.InvalidRequest) as caught:
                await entry.call(api, **(filled(entry) | {name: value}))
            assert name in str(caught.value)
            if isinstance(kind, list):
                assert all(str(allowed) in str(caught.value) for allowed in kind)
    assert not respx.calls


@pytest.mark.parametrize("entry", [e for e in ALL if e.gone], ids=labels)
@respx.mock
async def test_what_is_gone_says_so_and_sends_nothing(api, entry):
    with pytest.raises(errors.EndpointGone, match="February 2024"):
        await entry.call(api, **filled(entry))
    assert not respx.calls


def walk(raw: Any, path: str) -> bool:
    """Whether a path of keys, `[]` for any item of a list, leads somewhere."""
    here = [raw]
    for step in path.split("."):
        name, many = step.removesuffix("[]"), step.endswith("[]")
        here = [item[name] for item in here if isinstance(item, dict) and name in item]
        if many:
            here = [row for rows in here if isinstance(rows, list) for row in rows]
        if not here:
            return False
    return True


def plain(path: str) -> str:
    """A path of `extra` or of an entry, without the numbers of items."""
    return "".join(c for c in path if c not in "[]0123456789")


def unread(item: Model) -> set[str]:
    return {plain(path) for path in item.extra}


def missing(entry: Endpoint, answer: Received[Any] | Listing[Any]) -> list[str]:
    """The documented fields that the answer lacks or that the model does not read."""
    lost = []
    for path in entry.fields:
        first, _, rest = path.partition(".")
        if isinstance(answer, Received):
            inner = path if walk(answer.raw, path) else rest  # a comment has a `comment`, too
            if not walk(answer.raw, inner) or plain(inner) in unread(answer.item):
                lost.append(path)
        elif path == "next_url":
            continue
        elif first.endswith("[]"):
            read = [r for r in answer.items if walk(r.raw, rest)]
            if not read or any(plain(rest) in unread(r.item) for r in read):
                lost.append(path)
        elif first not in answer.head:
            lost.append(path)
    return lost


def fixture_of(entry: Endpoint) -> Any:
    path = REPO / entry.fixture
    return path.read_text() if path.suffix == ".html" else json.loads(path.read_text())


@pytest.mark.parametrize("entry", READ, ids=labels)
@respx.mock
async def test_the_fixture_of_each_is_read_whole(api, entry):
    body = fixture_of(entry)
    args = filled(entry)
    route = respx.route(method=entry.method, url="https://app-api.pixiv.net" + entry.real_path(args))
    route.respond(html=body) if isinstance(body, str) else route.respond(json=body)
    answer = await entry.call(api, **args)
    if isinstance(answer, Listing):
        assert answer.items
        assert answer.broken == ()
        assert "next_url" not in entry.fields or "next_url" in body
        assert (answer.next is None) == (body.get("next_url") is None)
    elif not isinstance(body, str):
        assert unread(answer.item) == set()


@pytest.fixture(scope="module")
def app():
    spec = WorldSpec(
        now_ms=1_795_000_000_000, artists=8, private=2, works=260, bookmarks=90, commented=60, others=8
    )
    return create_app(generate(spec, now=lambda: 1_795_000_000_000))


@pytest.fixture(scope="module")
def url(app):
    with running(app) as base:
        yield base


@pytest.fixture
async def demo(url):
    hosts = dict.fromkeys(ALLOWED_HOSTS, url)
    async with Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as client:
        await client.auth.token()
        yield client.app


def sent(app: Any, entry: Endpoint, args: dict[str, Any]) -> str:
    """The query of the last request, which was to this endpoint."""
    method, path, query = app.state.log[-1]
    assert (method, path) == (entry.method, entry.real_path(args))
    return str(query)


@pytest.mark.parametrize("entry", [e for e in SENT if e.demo], ids=labels)
async def test_each_goes_over_http_to_the_demo_and_back(app, demo, entry):
    world = app.state.world
    trials: list[dict[str, Any]] = [{}, *({"tag": "未分類"} for name in entry.params if name == "tag")]
    trials += [{name: value} for name, kind in entry.params.items() for value in good_values(kind)]
    answers = []
    for trial in trials:
        trial = Examples(world).args(entry.example | trial)
        if entry.before:
            before = find(f"pixmirror.pixiv.app.{entry.before}")
            extra = {"page": 1} if "marker" in entry.before else {}
            await before(demo, **trial, **extra)
        try:
            answers.append(await entry.call(demo, **trial))
        except errors.InvalidRequest:
            # the only thing that the demo may refuse of what we allow: too many mutes
            assert entry.function.endswith("mute_edit")
        query = sent(app, entry, trial)
        if entry.method == "GET":
            for name in trial:
                wire = entry.wire.get(name, name)
                assert f"{{{name}}}" in entry.path or f"{wire}=" in query or f"{wire}%5B%5D=" in query
    if entry.method == "POST" and not entry.fields:
        assert all(answer is None for answer in answers)
        return
    if entry.fields:
        lost = set(missing(entry, answers[0])).intersection(*(missing(entry, answer) for answer in answers))
        assert lost == set()
    for answer in answers:
        if isinstance(answer, Listing):
            assert answer.broken == ()


MODELS, ENUMS, ERRORS = (load()[kind] for kind in ("model", "enum", "error"))


def annotated(model: type[Model], path: str) -> bool:
    """Whether the models have a field of that path."""
    name, _, rest = path.partition(".")
    if name not in model.model_fields:
        return False
    if not rest:
        return True
    found: list[Any] = [model.model_fields[name].annotation]
    while found:
        kind = found.pop()
        if isinstance(kind, type) and issubclass(kind, Model):
            return annotated(kind, rest)
        found += getattr(kind, "__args__", ())
    return False


@pytest.mark.parametrize("entry", MODELS, ids=lambda e: e["name"])
def test_each_documented_model_has_all_its_fields(entry):
    model = find(entry["ours"])
    assert [path for path in entry["fields"] if not annotated(model, path)] == []


@pytest.mark.parametrize("entry", ENUMS, ids=lambda e: e["name"])
def test_each_documented_enum_has_all_its_members_under_their_names(entry):
    ours = {name: str(member) for name, member in find(entry["ours"]).__members__.items()}
    assert {name: ours.get(name) for name in entry["members"]} == entry["members"]


@pytest.mark.parametrize("modes", [RankingMode, NovelRankingMode])
def test_each_ranking_mode_is_named_as_pixiv_names_it(modes):
    assert {name: mode.value for name, mode in modes.__members__.items()} == {
        m.value.upper(): m.value for m in modes
    }


@pytest.mark.parametrize("entry", ERRORS, ids=lambda e: e["name"])
def test_each_documented_error_is_one_of_ours(entry):
    assert issubclass(find(entry["ours"]), errors.PixmirrorError)


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_pages_are_in_step(name):
    made = PAGES[name]()
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == made, "run: python -m tests.pixiv.make_api_page"


def test_the_reference_page_has_every_function_and_the_page_of_models_every_field():
    api, shown = PAGES["api"](), PAGES["models"]()
    for name in ("app", "web"):
        client = "pixiv." if name == "app" else "pixiv.web."
        for function in commands.functions(name):
            called = function.replace("account.", "me.") if name == "app" else function
            assert f"- `{client}{called}(" in api, function
    for model in reference.reachable():
        section = shown.partition(f"### {model.__name__}\n")[2].partition("\n##")[0]
        while base := reference.extends(model):
            assert f"All of `{base.__name__}`" in section
            model = base
            section += shown.partition(f"### {base.__name__}\n")[2].partition("\n##")[0]
        for field in reference.members(model):
            assert f"| `{field}` |" in section, (model, field)
    assert "enerated" not in api + shown


PIXIVAPI = {
    *("account", "access_token", "refresh_token", "language", "client_id", "client_secret", "session", "login"),
    *("authenticate", "download", "add_bookmark", "delete_bookmark", "fetch_bookmark", "fetch_followers"),
    *("fetch_following", "fetch_illustration", "fetch_illustration_comments", "fetch_illustration_related"),
    *("fetch_illustrations_following", "fetch_illustrations_ranking", "fetch_illustrations_recommended"),
    *("fetch_trending_tags", "fetch_user", "fetch_user_bookmark_tags", "fetch_user_bookmarks"),
    *("fetch_user_illustrations", "search_illustrations"),
}


def mapped(theirs: str) -> set[str]:
    """Return the names of another library that the page says something of."""
    rows = {entry[theirs].partition("(")[0] for entry in load()["endpoint"] if entry.get(theirs)}
    return rows | {name for entry in load()["elsewhere"] for name in entry.get(theirs, ())}


def test_every_method_and_attribute_of_pixivpy_and_pixivapi_is_mapped():
    pixivpy3 = pytest.importorskip("pixivpy3")
    api = pixivpy3.AppPixivAPI
    named = {*dir(api), *vars(api()), *dir(pixivpy3)} - {"aapi", "api", "bapi", "utils"}
    assert {name for name in named if not name.startswith("_")} - mapped("pixivpy") == set()
    assert PIXIVAPI - mapped("pixivapi") == set()
