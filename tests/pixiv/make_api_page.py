"""Writes the pages `help api` and `help models`: `python -m tests.pixiv.make_api_page`."""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pixmirror.pixiv.resources.lazy import AppResources, WebResources
from tests.pixiv import reference
from tests.pixiv.covered import REPO, endpoints, load

DOCS = REPO / "src" / "pixmirror" / "docs"
HEAD = """# The Pixiv library

`pixmirror.pixiv` speaks Pixiv's App API by one short function per endpoint:

    from pixmirror.pixiv import Client

    async with Client(refresh_token) as pixiv:
        artist = await pixiv.users.detail(11)           # a model: artist.user.name
        page = await pixiv.users.illusts(11)            # one page: len(page), page[0], for work in page
        async for work in pixiv.users.illusts(11):      # all pages
            await pixiv.download_work(work, ".")

The same without async, in scripts and notebooks:

    from pixmirror.pixiv.blocking import Client

    with Client(refresh_token) as pixiv:
        artist = pixiv.users.detail(11)
        page = pixiv.users.illusts(11)
        for work in pixiv.users.illusts(11):
            pixiv.download_work(work, ".")

There `for` goes on from page to page; `page.items` is what stands on that one.

**Going on later.** `page.next` says where the next page is, `page.next_page()` gives it; both are None at the end.
The place can be stored as JSON, and given at any time: `pixiv.users.illusts(11, next=stored)`. To walk page by
page: `pixiv.users.illusts(11).pages()`. A walk knows its place, too: `walk = pixiv.users.illusts(11)` (without
async `iter(...)` of it) has `walk.next`, the page that the last item came from. A place in another list, or in the
same one asked for otherwise, is refused; the query of a next_url (`parse_qs`) does as well.

**The website.** `Client(refresh_token, phpsessid=...)`, or `cookie=` and `user_agent=`, is logged in at
www.pixiv.net, too: `pixiv.web.illusts.detail(12345)`, with the same models.

**The whole answer.** `pixiv.users.detail.received(11)` gives a `Received`: `item` is the model, `raw` what Pixiv
sent, `odd` what could not be read of it. `pixiv.users.illusts.received(11)` gives a `Listing` of these, as
`page.received` is: its `items`, what could not be read (`broken`), its `head`, and `next`.

Type checkers know parameters and what is given, in both clients. The functions stand in modules of
`pixmirror.pixiv.app` and `pixmirror.pixiv.web` and take the API first, which gives a `Received` or `Listing`:
`await users.detail(pixiv.app, 11)`; those of `app.account` are `pixiv.me` in the clients. `items(partial(...))`
and the blocking `pixiv.items(pixiv.users.illusts, 11)` walk over `Received`. A parameter that Pixiv would not take
is refused before anything is sent, with the values that it knows. A POST is never repeated by itself.

What others see is made and deleted by `submissions`, `drafts` and `commenting`, never by a job of the mirror; from
the shell by `pixmirror api app ...`, which asks first (`pixmirror help submissions`).

What `restrict="private"` of somebody else would give is their public list, so it is refused: nothing public is
ever recorded as private. `filter` (for_ios, for_android, or an empty text) is an option of Client and AppApi, and
of each list for one call. Any list of a search ends at 5000; `search.illusts_past_cap` and
`search.novels_past_cap` go on by dates.

Ids and numbers may be texts, dates are `date`, 2026-11-20 or 20261120. A next_url that was kept goes on as
`pixiv.search.illusts(**parse_qs(next_url))`.

A script of pixivpy or pixivapi takes another import, and keeps its words: `from pixmirror.pixiv.pixivpy import
AppPixivAPI`, `from pixmirror.pixiv.pixivapi import Client, Size`. What they call what stands in the tables below.
"""


def kind(value: Any) -> str:
    if isinstance(value, list):
        return " \\| ".join(map(str, value))
    said = {
        "id": "an id", "int": "a number", "text": "a text", "bool": "yes or no", "date": "a date", "ids": "ids",
        "texts": "words", "cursor": "a cursor", "ids,": "ids with commas", "types": "kinds with commas",
        "files": "paths of pictures",
    }  # fmt: skip
    return said[value]


def short(function: str) -> str:
    """Return a name as one writes it after the usual imports."""
    return re.sub(r"^pixmirror\.(pixiv\.(app|client|reading|enums)\.|pixiv\.(?=download|past_cap))?", "", function)


FUNCTIONS = """## How to read this

Each line is a function with its parameters and what it gives without async; below it stand the values that a
parameter takes, where there are many. With async all is awaited, and a `Page[Illust]` is also what `async for`
walks over. Each function that gives a Page takes `next=`, unless its list is one page; those of the App API that
read take `filter=`, as the client does; neither is named below. `pixmirror help models` has each model with its
fields. What sends a POST changes something there.
"""
FILTERS = """### pixmirror.pixiv.web.search.Filters

What `artworks`, `illustrations`, `manga` and `novels` take as `filters`.
"""
MODELS = """# The models of the library

What the functions of `pixmirror help api` give, with every field. Names are those of the App API; what only the
website says is camelCase there. A field that Pixiv left out is None, or empty. All models are frozen; what Pixiv
sends and no field reads is in `extra`, by its path in the answer. `model_dump(mode="json")` gives a model as JSON.
A third column tells of values that are made from others.
"""
LEGACY = """## pixmirror.pixiv.legacy: what is dead

The Public API (`papi`, until November 2021) and SPAPI (`spapi`, until May 2015) answer no more. Their requests are
built as they were, `await calls.ask(request)` raises `EndpointGone`, and nothing is ever sent. What was saved of
their answers is read into today's models, what only they said under `legacy`:

    from pathlib import Path
    from pixmirror.pixiv.legacy import spapi
    from pixmirror.pixiv.legacy.dumps import read_dump

    request = spapi.illust([12345, 12346], spapi.Also(p=2))
    for entry in read_dump(Path("illust.csv").read_bytes(), "illust.csv"):
        print(entry.line, entry.item, entry.trouble)

`read_dump` takes SPAPI's CSV and the Public API's JSON, in UTF-8 or cp932; a damaged row or object ends before the
next whole one. `entry.app` is the item as the App API would send it. Old addresses become those of i.pximg.net, as
Pixiv itself moved them; of SPAPI's works the originals are made of date, id and extension, so that on works whose
pages differ in kind, or whose files were replaced (`trouble` says so), they are a guess. A novel's length is not
known (0); a work of several pages counts as manga, since the row does not say more.
"""


def legacy() -> list[str]:
    """The routes of the dead APIs, from tests/coverage_legacy.toml."""
    data = tomllib.loads((REPO / "tests" / "coverage_legacy.toml").read_text(encoding="utf-8"))
    lines = [LEGACY, "| Function | Request | Parameters |\n|---|---|---|"]
    for entry in data["endpoint"]:
        function = entry["function"].removeprefix("pixmirror.pixiv.legacy.")
        params = "; ".join(f"`{name}`: {kind(value)}" for name, value in entry["params"].items()) or "–"
        lines.append(f"| `{function}` | GET {entry['path']} | {params} |")
    return ["\n".join(lines) + "\n"]


def page() -> str:
    """The page of all functions."""
    parts = [
        HEAD,
        FUNCTIONS,
        *("## The App API", *reference.functions(AppResources), ""),
        *("## The website", *reference.functions(WebResources), "", FILTERS, *reference.filters(), ""),
        *("## Beside the functions", "\n### pixmirror.pixiv\n", *reference.others(), ""),
        *legacy(),
        *mapping(),
    ]
    return "\n".join(parts)


def models_page() -> str:
    """The page of all models."""
    return "\n".join((MODELS, *reference.model_groups())).rstrip() + "\n"


def mapping() -> Iterator[str]:
    """What pixivpy and pixivapi call it."""
    data, entries = load(), endpoints()
    known: dict[str, tuple[list[str], list[str]]] = {}
    for entry in entries:
        theirs = known.setdefault(short(entry.function), ([], []))
        for names, name in zip(theirs, (entry.pixivpy, entry.pixivapi), strict=True):
            if name and name not in names:
                names.append(name)
    yield "## Coming from pixivpy or pixivapi\n"
    yield from table(
        ("pixivpy", "pixivapi", "here"),
        ((code(*py), code(*api), code(ours)) for ours, (py, api) in known.items() if py or api),
    )
    yield from table(
        ("pixivpy", "pixivapi", "instead"),
        (
            (code(*entry.get("pixivpy", ())), code(*entry.get("pixivapi", ())), entry["instead"])
            for entry in data["elsewhere"]
        ),
    )
    yield from table(
        ("Function", "parameter there", "here"),
        dict.fromkeys(
            (code(short(entry.function)), code(theirs), here)
            for entry in entries
            for names in ({k: code(v) for k, v in entry.renamed.items()}, entry.without)
            for theirs, here in names.items()
        ),
    )
    yield from table(
        ("Model of pixivapi", "here", "not there"),
        (
            (
                code(m["name"]),
                code(short(m["ours"])),
                "; ".join(f"`{k}`: {v}" for k, v in m.get("without", {}).items()),
            )
            for m in data["model"]
        ),
    )
    yield from table(
        ("Enum of pixivapi", "here", "members"),
        (
            (code(e["name"]), code(short(e["ours"])), ", ".join(f"`{k}` = {v}" for k, v in e["members"].items()))
            for e in data["enum"]
        ),
    )
    yield from table(
        ("Error", "here", ""),
        ((code(e["name"]), code(short(e["ours"])), e["says"]) for e in data["error"]),
    )


def code(*names: str) -> str:
    return " ".join(f"`{name}`" for name in names)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(cell or '–' for cell in row)} |"
    yield ""


PAGES: Mapping[str, Callable[[], str]] = {"api": page, "models": models_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / f"{name}.md").write_text(make(), encoding="utf-8")
        sys.stdout.write(f"{DOCS / name}.md\n")
