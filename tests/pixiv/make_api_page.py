"""Writes the reference page of the library from tests/coverage.toml: `python -m tests.pixiv.make_api_page`."""

import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.pixiv.covered import REPO, Endpoint, endpoints, load

SHIPPED = REPO / "src" / "pixmirror" / "docs" / "api.md"
PAGE = SHIPPED if SHIPPED.exists() else Path(__file__).parent / "api.md"
HEAD = """# The Pixiv library

Generated from tests/coverage.toml; do not edit.

`pixmirror.pixiv` speaks Pixiv's App API by one short function per endpoint:

    from pixmirror.pixiv import Client

    async with Client(refresh_token) as pixiv:
        artist = await pixiv.users.detail(11)           # a model: artist.user.name
        page = await pixiv.users.illusts(11)            # one page: len(page), page[0], for work in page
        async for work in pixiv.users.illusts(11):      # all pages
            await pixiv.download_work(work, "pictures")

The same without async, in scripts and notebooks:

    from pixmirror.pixiv.blocking import Client

    with Client(refresh_token) as pixiv:
        artist = pixiv.users.detail(11)
        page = pixiv.users.illusts(11)
        for work in pixiv.users.illusts(11):
            pixiv.download_work(work, "pictures")

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


def rows(found: list[Endpoint]) -> list[str]:
    lines: list[str] = []
    seen: set[str] = set()
    for entry in found:
        if entry.function in seen or entry.tested:
            continue
        seen.add(entry.function)
        params = "; ".join(f"`{name}`: {kind(value)}" for name, value in entry.params.items()) or "–"
        note = f" ({entry.gone})" if entry.gone else ""
        lines.append(f"| `{short(entry.function)}` | {entry.method} {entry.path}{note} | {params} |")
    return lines


def short(function: str) -> str:
    return function.removeprefix("pixmirror.pixiv.app.").removeprefix("pixmirror.")


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
    data, entries = load(), endpoints()
    modules: dict[str, list[Endpoint]] = {}
    for entry in entries:
        if not entry.tested:
            modules.setdefault(short(entry.function).split(".")[0], []).append(entry)
    parts = [HEAD]
    for name, found in modules.items():
        parts.append(f"## pixmirror.pixiv.app.{name}\n\n| Function | Request | Parameters |\n|---|---|---|")
        parts.append("\n".join(rows(found)) + "\n")
    parts += legacy()
    parts.append("## Coming from pixivpy or pixivapi\n\n| pixivpy | pixivapi | here |\n|---|---|---|")
    known: dict[str, tuple[list[str], list[str]]] = {}
    for entry in entries:
        theirs = known.setdefault(short(entry.function), ([], []))
        for names, name in zip(theirs, (entry.pixivpy, entry.pixivapi), strict=True):
            if name and name not in names:
                names.append(name)
    parts.append(
        "\n".join(
            f"| {' '.join(f'`{n}`' for n in py) or '–'} | {' '.join(f'`{n}`' for n in api) or '–'} | `{ours}` |"
            for ours, (py, api) in known.items()
            if py or api
        )
        + "\n"
    )
    parts.append("| Model of pixivapi | here | not there |\n|---|---|---|")
    parts.append(
        "\n".join(
            f"| `{m['name']}` | `{short(m['ours'])}` | "
            f"{'; '.join(f'`{k}`: {v}' for k, v in m.get('without', {}).items()) or '–'} |"
            for m in data["model"]
        )
        + "\n"
    )
    parts.append("| Error of pixivapi | here | |\n|---|---|---|")
    parts.append(
        "\n".join(f"| `{e['name']}` | `{short(e['ours'])}` | {e['says']} |" for e in data["error"]) + "\n"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
