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

`pixmirror.pixiv` speaks Pixiv's App API by one short async function per endpoint:

    from functools import partial
    from pixmirror.pixiv import Client, items
    from pixmirror.pixiv.app import illusts, users

    async with Client(refresh_token) as pixiv:
        work = await illusts.detail(pixiv.app, 12345)
        async for found in items(partial(users.illusts, pixiv.app, 11)):
            await pixiv.download_work(found.item, "pictures")

`Client(refresh_token, phpsessid=...)`, or `cookie=` and `user_agent=`, is logged in at www.pixiv.net, too: then
`pixiv.web` goes to the functions of `pixmirror.pixiv.web`, which give the same models.

Without async, in scripts and notebooks, the functions are those of a Client that leaves their first argument out:

    from pixmirror.pixiv.blocking import Client

    with Client(refresh_token, phpsessid=phpsessid) as pixiv:
        work = pixiv.illusts.detail(12345)
        same = pixiv.web_illusts.detail(12345)
        walk = pixiv.items(pixiv.users.illusts, 11)
        for found in walk:
            pixiv.download_work(found.item, "pictures")

`walk.next` goes on there later: `pixiv.items(pixiv.users.illusts, 11, next=walk.next)`. With the async functions,
`pixiv.call(illusts.detail, 12345)` and `pixiv.items(users.illusts, 11)` do the same, and type checkers follow.

A detail comes as `Received`: `item` is the model, `raw` what Pixiv sent. A list comes as `Listing`: its items,
what could not be read of it (`broken`), its `head`, and `next`, which is all that is needed to go on later. A
parameter that Pixiv would not take is refused before anything is sent, with the values that it knows. A POST is
never repeated by itself.

What others see is made and deleted by `submissions`, `drafts` and `commenting`, never by a job of the mirror; from
the shell by `pixmirror api app ...`, which asks first (`pixmirror help submissions`).

What `restrict="private"` of somebody else would give is their public list, so it is refused: nothing public is
ever recorded as private. `filter` (for_ios, for_android, or an empty text) is an option of Client and AppApi, and
of each list for one call. Any list of a search ends at 5000; `past_cap` goes on by dates.

Ids and numbers may be texts, dates are `date`, 2026-11-20 or 20261120. A next_url that was kept goes on as
`search.illusts(pixiv.app, **parse_qs(next_url))`.
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
