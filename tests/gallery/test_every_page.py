"""What holds for every page of the gallery, on a mirror of which every text of a stranger is hostile.

The pages are those of the app's own routes. A route that is not in the table below fails these tests, as does a
parameter that a page takes and the table does not name.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page
from starlette.datastructures import ImmutableMultiDict, QueryParams
from starlette.routing import Route

from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.gallery.app import PAGES as APP
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.filters import Filters
from tests.gallery import hostile
from tests.gallery.accessible import faults
from tests.gallery.conftest import Seen, Served, copied, serving, watch
from tests.gallery.hostile import SECRET, Hostile
from tests.gallery.readable import forget

GRID = " ".join(one.name for one in fields(Filters))


@dataclass(frozen=True)
class At:
    """A route: the parameters that its query takes, addresses that show it in each of its ways, and whether those
    name the two works that are in every list.
    """

    takes: str
    examples: tuple[str, ...]
    lists: bool = True


def at(takes: str, *examples: str, lists: bool = True) -> At:
    return At(takes, examples, lists)


listless = partial(at, lists=False)

PAGES: Mapping[str, At] = {
    "/": at("key", "/"),
    "/start": listless("job", "/start", "/start?job=bookmarks"),
    "/mirror": listless("", "/mirror"),
    "/mirror/queue": listless("", "/mirror/queue"),
    "/mirror/history": listless("before", "/mirror/history"),
    "/mirror/settings": listless("", "/mirror/settings"),
    "/mirror/jobs/{name}": listless("before filter cost work", "/mirror/jobs/following?work={work}&cost"),
    "/mirror/coverage": listless("", "/mirror/coverage"),
    "/mirror/coverage/{id:int}": listless("", "/mirror/coverage/{artist}"),
    "/mirror/gone": listless("", "/mirror/gone"),
    "/mirror/drift": listless("", "/mirror/drift"),
    "/works": at(GRID, "/works", "/works?type=manga&tag={tag_name}&tag=-x&order=arrived", "/works?tag=x"),
    "/a": at("after", "/a"),
    "/a/{id:int}": at(GRID, "/a/{artist}"),
    "/tags": at("after", "/tags", lists=False),
    "/tags/{id:int}": at(GRID, "/tags/{tag}", "/tags/{odd_tag}"),
    "/series": at("type after", "/series", lists=False),
    "/series/{id}": at("from", "/series/{manga_series}", "/series/n{novel_series}"),
    "/novels": at("after", "/novels"),
    "/rankings": at(
        "mode medium month day after",
        "/rankings",
        "/rankings?mode=day&day={day}",
        "/rankings?medium=novel&mode=day",
    ),
    "/bookmarks": at(GRID, "/bookmarks"),
    "/bookmarks/not-here": listless("after", "/bookmarks/not-here"),
    "/collections": at("", "/collections"),
    "/collections/{id:int}": at("page edit", "/collections/1", "/collections/1?edit"),
    "/history": at("before", "/history", "/history?before=1.1"),
    "/comments": at(
        "before by vanished", "/comments", "/comments?vanished=1", "/comments?by={artist}", "/comments?before=1.1"
    ),
    "/search": at("q after", "/search?q={tag_name}", "/search"),
    "/w/{id:int}/read": listless("p show", "/w/{work}/read"),
    "/n/{id:int}/read": listless("dir show", "/n/{novel}/read?dir=h", "/n/{novel}/read?dir=v"),
    "/w/{id:int}": at("p v all show", "/w/{work}", "/w/{work}?v=1&p=2", "/w/{ugoira}", "/w/{star}"),
    "/n/{id:int}": at("p v all show", "/n/{novel}", "/n/{verse}"),
    "/w/{id:int}/comments": listless("after show", "/w/{work}/comments"),
    "/n/{id:int}/comments": listless("after show", "/n/{novel}/comments"),
    "/w/{id:int}/why": listless("show", "/w/{work}/why"),
    "/n/{id:int}/why": listless("show", "/n/{novel}/why"),
    "/login": listless("next", "/login"),
}
# What modules and pictures ask for: numbers, parts of pages, files.
DATA: Mapping[str, At] = {
    "/mirror/events": listless("once", "/mirror/events?once"),
    "/works/new": listless(f"{GRID} since", "/works/new?since=0"),
    "/works/b/{unit}": at(f"{GRID} f", "/works/b/{month}?f=0"),
    "/works/d/{unit}": at(f"{GRID} a b", "/works/d/{month}?a=0&b=60"),
    "/search/suggest": listless("q", "/search/suggest?q={tag_name}"),
    "/w/{id:int}/frames.zip": listless("", "/w/{ugoira}/frames.zip"),
    "/w/{id:int}/first-frame": listless("", "/w/{ugoira}/first-frame"),
    "/file/{name}.{ext}": listless("", "/file/{file}.png"),
    "/thumb/{name}.webp": listless("", "/thumb/{file}.webp"),
}
ROUTES: Mapping[str, At] = {**PAGES, **DATA}
EXAMPLES = [example for one in PAGES.values() for example in one.examples]
# One of each build: a grid, a work, a text, a form, rows of numbers. The others are looked at so in .ci/long.
IN_ALL_WINDOWS = ("/works", "/w/{work}", "/n/{novel}", "/mirror/settings", "/mirror/coverage")
GARBAGE = ("", "-1", f"{10**30}", "%00", "..%2f..%2f", quote("日本"), "%3Cx-hostile%3E%22", "%ff", "W" * 3000)
JOB = JobConfig(name="following", kind="following", every="1h")


@pytest.fixture(scope="session")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    return hostile.make(tmp_path_factory.mktemp("hostile") / "root")


def _serve(spoiled: Hostile, root: Path, stack: ExitStack) -> Served:
    served = stack.enter_context(serving(copied(spoiled.root, root)))
    served.gallery.config = served.gallery.config.model_copy(update={"jobs": (JOB,)})
    hostile.keep_own(served.gallery, spoiled)
    return served


@pytest.fixture(scope="module")
def served(spoiled: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Its gallery, to look at."""
    with ExitStack() as stack:
        yield _serve(spoiled, tmp_path_factory.mktemp("looked_at") / "root", stack)


@pytest.fixture
def own(spoiled: Hostile, tmp_path: Path) -> Iterator[Served]:
    """Its gallery, to change."""
    with ExitStack() as stack:
        yield _serve(spoiled, tmp_path / "root", stack)


def _filled(example: str, spoiled: Hostile) -> str:
    stars = {"star": spoiled.star, "verse": spoiled.verse, "tag_name": quote("夜")}
    return example.format(**spoiled.names, **stars)


# --- the table


def _asked_by_get() -> dict[str, Route]:
    every = [route for routes in APP for route in routes if isinstance(route, Route)]
    return {route.path: route for route in every if "GET" in (route.methods or ())}


def test_every_route_is_in_the_table() -> None:
    assert set(_asked_by_get()) == set(ROUTES)


def test_every_page_is_told_of_in_the_reference() -> None:
    told = (files("pixmirror") / "docs" / "gallery-pages.md").read_text("utf-8")
    names = re.sub(r"\{\w+(:int)?\}", "ID", " ".join(PAGES)).replace("jobs/ID", "jobs/NAME").split()
    assert [name for name in names if f"`{name}`" not in told] == []


# --- in a browser

_ACTS = """() => {
  const ours = address => new URL(address, location.href).origin === location.origin;
  const found = [];
  for (const one of document.querySelectorAll("*")) {
    const say = why => found.push(`${why}: ${one.outerHTML.slice(0, 200)}`);
    if (/^(x-hostile|iframe|frame|object|embed|base|style|marquee|math)$/.test(one.localName)) say("element");
    if (one.localName === "script" && !one.src && one.type !== "application/json") say("script");
    for (const {name, value} of one.attributes) {
      if (name.startsWith("on") || name === "srcdoc") say("handler");
      if (!/^(href|src|action|formaction|poster|data|xlink:href)$/.test(name)) continue;
      const away = one.localName === "a" && name === "href";
      if (!/^(https?:)?$/.test((/^\\s*([a-z]+:)/i.exec(value) ?? ["", ""])[1])) say("scheme");
      else if (!away && !ours(value)) say("outside");
      else if (away && !ours(value) && !/noreferrer/.test(one.rel)) say("referrer");
    }
  }
  if (window.ran !== undefined) found.push("a script ran");
  return found;
}"""
# Words in kana, or in Han alone, that are not marked as Japanese: a browser would draw Chinese signs for them.
_UNMARKED = """() => {
  const found = [], kana = /[\\u3040-\\u30ff]/, han = /[\\u4e00-\\u9fff]/, latin = /[A-Za-z]{2}/;
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const inside = walk.currentNode.parentElement, text = walk.currentNode.data;
    if (inside.closest("script, noscript, textarea")) continue;
    const marked = inside.closest("[lang]"), all = marked.localName === "html" ? text : marked.textContent;
    if (!kana.test(text) && !(han.test(text) && !latin.test(all))) continue;
    if (!/^(ja|zh|ko)/.test(marked.lang)) found.push(inside.outerHTML.slice(0, 200));
  }
  return found;
}"""
# What can be pressed and does nothing in a browser without JavaScript.
_DEAD = """() => [...document.querySelectorAll("main button, main [role=button]")].filter(one =>
  one.checkVisibility() && !one.hasAttribute("popovertarget")
  && !(one.type === "submit" && one.form)).map(one => one.outerHTML.slice(0, 200))"""
_HEADINGS = """() => [...document.querySelectorAll("main :is(h1, h2, h3)")].filter(one => !one.closest("#grid"))
  .map(one => one.textContent.trim())"""
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@dataclass
class Looked:
    """A window that shows one page after the other, and what the present one did beside showing itself."""

    page: Page
    seen: Seen

    def at(self, address: str) -> Page:
        self.seen.console.clear()
        self.seen.outside.clear()
        self.page.goto(address)
        return self.page


@dataclass(frozen=True)
class Windows:
    wide: Looked
    phone: Looked
    plain: Looked  # a phone without JavaScript


@pytest.fixture(scope="module")
def windows(browser: Browser, served: Served) -> Iterator[Windows]:
    made = []
    with ExitStack() as stack:
        for width, height, script in ((1440, 900, True), (360, 740, True), (360, 740, False)):
            context = browser.new_context(
                base_url=served.url, viewport={"width": width, "height": height}, java_script_enabled=script
            )
            stack.callback(context.close)
            page = context.new_page()
            made.append(Looked(page, watch(page, served.url)))
        yield Windows(*made)


def _look(looked: Looked, address: str) -> Page:
    """Look at a page, which must be whole and harmless."""
    page = looked.at(address)
    assert page.locator("h1").count() == 1
    assert page.evaluate(_WIDER) <= 0
    assert page.evaluate(_ACTS) == []
    assert SECRET not in page.title()
    text = page.locator("body").inner_text() + page.title()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert looked.seen == Seen()
    return page


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_page_is_whole_and_harmless(windows: Windows, spoiled: Hostile, example: str) -> None:
    """On a phone, where a page is wider than the window before it is so anywhere else."""
    page = _look(windows.phone, _filled(example, spoiled))
    assert page.evaluate(_UNMARKED) == []
    assert faults(page) == []


@pytest.mark.parametrize(
    "example",
    [one if one in IN_ALL_WINDOWS else pytest.param(one, marks=pytest.mark.long) for one in EXAMPLES],
)
def test_a_page_says_the_same_at_both_widths_and_without_javascript(
    windows: Windows, spoiled: Hostile, example: str
) -> None:
    address = _filled(example, spoiled)
    plain, phone, wide = (_look(one, address) for one in (windows.plain, windows.phone, windows.wide))
    assert plain.evaluate(_HEADINGS) == phone.evaluate(_HEADINGS) == wide.evaluate(_HEADINGS)
    assert plain.evaluate(_DEAD) == []
    assert wide.evaluate(_UNMARKED) == []
    assert faults(wide) == []


# --- by a program


@pytest.fixture
def client(own: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=own.url, headers={"accept": "text/html"}, timeout=30) as made:
        yield made


def _naming(client: httpx.Client, spoiled: Hostile, ids: tuple[str, ...]) -> set[str]:
    """Return the addresses, but those of the works themselves, whose answers name one of these."""
    found, names = set(), re.compile(rf"(?<!\d)(?:{'|'.join(ids)})(?!\d)")
    for route, one in ROUTES.items():
        for example in one.examples:
            if "{star}" in example or "{verse}" in example:
                continue
            answer = client.get(_filled(example, spoiled), follow_redirects=True)
            assert answer.status_code == 200, (example, answer.text[:300])
            if names.search(answer.text):
                found.add(route)
    return found


def _hide(key: str, own: Served, spoiled: Hostile) -> None:
    own.gallery.own.run_sync(put_setting, key, "hide")


def _forget(own: Served, spoiled: Hostile) -> None:
    for key in spoiled.keys:
        forget(own.root, "work", key)


@pytest.mark.parametrize(
    "do",
    [partial(_hide, "rating"), partial(_hide, "ai"), _forget],
    ids=["rating hidden", "AI hidden", "forgotten"],
)
def test_no_page_names_a_work_that_is_forgotten_or_hidden(
    own: Served, client: httpx.Client, spoiled: Hostile, do: Any
) -> None:
    ids = tuple(str(one) for one in (spoiled.star, spoiled.verse, *spoiled.keys))
    named = {route for route, one in ROUTES.items() if one.lists}
    assert _naming(client, spoiled, ids) >= named
    do(own, spoiled)
    # A module says itself what is hidden, as the page does that it is of.
    by_module = {path for path in DATA if path.startswith("/works/")} if do is not _forget else set()
    assert _naming(client, spoiled, ids) <= by_module


def test_links_of_pages_lead_to_pages(client: httpx.Client, spoiled: Hostile) -> None:
    """Of all links one of each kind is followed: to one route, with the same parameters."""
    routes, led = _asked_by_get(), dict[tuple[str, ...], str]()
    for example in EXAMPLES:
        text = client.get(_filled(example, spoiled), follow_redirects=True).text
        for link in re.findall(r'<a[^>]* href="(/[^"#]*)', text):
            link = link.replace("&amp;", "&")
            parts = urlsplit(link)
            route = next((path for path, one in routes.items() if one.path_regex.match(parts.path)), "")
            led.setdefault((route, *dict(parse_qsl(parts.query, keep_blank_values=True))), link)
    assert [link for link in led.values() if client.get(link, follow_redirects=True).status_code != 200] == []


@pytest.fixture
def names_asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the parameters that pages looked for since it was cleared."""
    asked = set[str]()
    for method in ("__getitem__", "__contains__", "getlist"):
        real = getattr(ImmutableMultiDict, method)

        def noting(self: Any, key: Any, real: Any = real) -> Any:
            asked.add(key)
            return real(self, key)

        monkeypatch.setattr(QueryParams, method, noting, raising=False)
    return asked


def _but(query: Mapping[str, str], name: str) -> str:
    """Return a query without one parameter, to be followed by it."""
    return "".join(f"{key}={quote(value)}&" for key, value in query.items() if key != name)


@pytest.mark.parametrize("of", [3, pytest.param(1, marks=pytest.mark.long)], ids=["a third", "all"])
@pytest.mark.parametrize("route", ROUTES)
def test_nonsense_in_an_address_is_told_in_a_sentence(
    served: Served, spoiled: Hostile, names_asked: set[str], caplog: pytest.LogCaptureFixture, route: str, of: int
) -> None:
    """`of`: each name gets every third kind of nonsense, the next name the next ones; or every name every kind."""
    one = ROUTES[route]
    usual = _filled(one.examples[0], spoiled)
    path, _, query = usual.partition("?")
    kept, parts = dict(parse_qsl(query, keep_blank_values=True)), re.findall(r"\{\w+(?::int)?\}", route)
    with httpx.Client(base_url=served.url, headers={"accept": "text/html"}, timeout=30) as client:
        client.get(usual)
        assert names_asked <= set(one.takes.split())
        for number, garbage in enumerate(GARBAGE):
            names = [name for place, name in enumerate(one.takes.split()) if (place + number) % of == 0]
            asked = [f"{path}?{_but(kept, name)}{name}={garbage}" for name in names]
            for address in (*asked, *(route.replace(part, garbage) for part in parts)):
                answer = client.get(address)
                assert 200 <= answer.status_code < 500, address
                if answer.status_code >= 400:
                    assert re.search("<main", answer.text), address
                    assert "<x-hostile" not in answer.text, address
    assert caplog.text == ""
