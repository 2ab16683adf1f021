"""Scenario 1: 20 artists with 30 works each, mean 2.5 pages of 300 KB, mirrored for the first time.

Wall, CPU, peak memory and requests, without latency and with 80 ms a request, beside gallery-dl, beside curl
fetching the same image URLs, and beside curl, sha256sum and fsync of the same files. Pacing is off.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench import standin
from tests.bench.measure import Failed, Figure, Options, Spent, cpu_s, gallery_dl, run
from tests.bench.standin import Pixiv

NAME, NAME_TLS = "first-mirror", "first-mirror-tls"
LATENCY_S = 0.08
FOLLOWING = "https://www.pixiv.net/users/10000001/following"
WHOLE = {"artists": 20, "works": 30, "pages": [1, 2, 3, 4], "picture": 300_000}
SMALL = {"artists": 2, "works": 4, "pages": [1, 2, 3, 4], "picture": 30_000}
_LIMIT = "curl x16 + sha256sum + fsync"
# Of the wall.
_TARGETS: dict[tuple[str, float], Sequence[tuple[str, float] | tuple[()]]] = {
    ("pixmirror x16", 0.0): [(_LIMIT, 1.5), ("gallery-dl", 1.0)],
    ("pixmirror x16", LATENCY_S): [("curl x16", 1.3), ("gallery-dl", 0.1)],
    ("pixmirror x4", LATENCY_S): [("curl x4", 1.2)],
}
_MOST_MB = 110
_HEADS = 4  # list pages beside one an artist: the two feeds of new works, and follows, public and private
_MOST_CPU = 1.3  # of gallery-dl's


@dataclass(frozen=True)
class _Competitor:
    name: str
    run: Callable[[Path], Spent]
    once: bool = False  # slow, and always the same


def scenario(options: Options) -> Iterator[Figure]:
    yield from _measured(options, NAME, None)


def over_tls(options: Options) -> Iterator[Figure]:
    """The same where every connection is encrypted, as Pixiv's are."""
    yield from _measured(options, NAME_TLS, options.folder)


def _measured(options: Options, scenario: str, tls: Path | None) -> Iterator[Figure]:
    spec: dict[str, Any] = SMALL if options.small else WHOLE
    latencies = (0.0,) if options.small else (0.0, LATENCY_S)
    with standin.pixiv(tls, **spec) as server:
        urls = server.tell("images")
        yield from _server_alone(options, scenario, server, urls)
        for number in range(options.runs):
            for latency in latencies:
                server.tell(f"latency {latency}")
                for one in _competitors(server, urls, latency > 0, options.small):
                    if number and one.once:
                        continue
                    options.say(f"{scenario}: run {number + 1}, {_named(latency)}, {one.name}")
                    folder = options.folder / re.sub(r"\W+", "-", f"{number} {latency} {one.name}")
                    counts, spent = _once(server, one, folder, len(urls))
                    if not number:
                        options.say(f"  {spent.wall_s:.1f} s, {spent.cpu_s:.1f} s of CPU; {counts}")
                    yield from _figures(scenario, one.name, spent, counts, latency, spec)


def _named(latency: float) -> str:
    return f"{latency * 1000:.0f} ms latency" if latency else "no latency"


def _competitors(server: Pixiv, urls: list[str], slow: bool, small: bool) -> Iterator[_Competitor]:
    yield _Competitor("curl x16", partial(standin.curl, server=server, urls=urls, connections=16))
    yield _Competitor("curl x4", partial(standin.curl, server=server, urls=urls, connections=4))
    yield _Competitor("httpx alone x16", partial(standin.httpx_alone, server=server, urls=urls, connections=16))
    if not slow:
        hashed = partial(standin.curl, server=server, urls=urls, connections=16, then=standin.HASH_AND_SYNC)
        yield _Competitor(_LIMIT, hashed)
    if gallery_dl():
        yield _Competitor("gallery-dl", partial(standin.gallery_dl, server=server, url=FOLLOWING), once=slow)
    environments = [("", {})] if small else [("", {}), (", unit's malloc", standin.unit_environment())]
    for connections in (16,) if small else (16, 4):
        for name, env in environments:
            yield _Competitor(f"pixmirror x{connections}{name}", partial(_pixmirror, server, connections, env))


def _pixmirror(server: Pixiv, connections: int, env: dict[str, str], folder: Path) -> Spent:
    return standin.sync(standin.write_config(folder, server, connections), server, env)


def _once(server: Pixiv, one: _Competitor, folder: Path, images: int) -> tuple[dict[str, Any], Spent]:
    """(requests by their path, what it cost). All images must have come."""
    os.sync()  # what others left to be written is not ours to wait for
    server.tell("counts")
    spent = one.run(folder)
    counts = server.tell("counts")
    got = sum(1 for path in folder.rglob("*.jpg") if path.stat().st_size)
    if got != images:
        raise Failed(f"{one.name} has {got} files of {images}: {spent.output[-2000:]}")
    _emptied(folder)
    return counts, spent


def _figures(
    scenario: str, name: str, spent: Spent, counts: dict[str, Any], latency: float, spec: dict[str, Any]
) -> Iterator[Figure]:
    images = spec["artists"] * spec["works"] * sum(spec["pages"]) // len(spec["pages"])
    lists = spec["artists"] + _HEADS
    ours, named = name.startswith("pixmirror"), _named(latency)
    for beside in _TARGETS.get((name.partition(",")[0], latency), [()]):
        yield Figure(scenario, f"wall, {named}", name, spent.wall_s, "s", *beside)
    cpu = spent.cpu_s * 1000 / images
    yield Figure(scenario, f"CPU an image, {named}", name, cpu, "ms", *(("gallery-dl", _MOST_CPU) if ours else ()))
    if ours or name == "gallery-dl":
        yield Figure(
            scenario, f"peak memory, {named}", name, spent.peak_mb, "MB", None, _MOST_MB if ours else None
        )
        api = sum(n for path, n in counts["api"].items() if path != "/auth/token")
        yield Figure(scenario, f"API requests, {named}", name, api, "", None, lists if ours else None)
        yield Figure(scenario, f"image requests, {named}", name, counts["image"], "")


def _emptied(folder: Path) -> None:
    """Truncates, not removes: ext4 creates files slowly for a while after many were removed."""
    for path in folder.rglob("*.jpg"):
        os.truncate(path, 0)


def _server_alone(options: Options, scenario: str, server: Pixiv, urls: list[str]) -> Iterator[Figure]:
    """What the server can do: a page of works from the API, and an image, each over four connections."""
    lists = server.tell("lists")
    pages = [server.api + path for path in lists["paths"]] * (1 if options.small else 20)
    images = [server.images + urlsplit(url).path for url in urls]
    for _ in range(options.runs):
        for what, asked, header in (
            ("API page", pages, f"Authorization: Bearer {lists['token']}"),
            ("image", images, "Accept: */*"),
        ):
            config = options.folder / "server.curl"
            config.write_text("\n".join(f'url = "{url}"\noutput = "/dev/null"' for url in asked))
            before = cpu_s(server.child.pid)
            spent = run(
                ["curl", "-sS", "--fail", "-H", header, "--parallel", "--parallel-max", "4", "--config", config],
                env=server.environment,
            )
            used = cpu_s(server.child.pid) - before
            yield Figure(scenario, f"server alone, {what}, wall", "server", spent.wall_s * 1000 / len(asked), "ms")
            yield Figure(scenario, f"server alone, {what}, CPU", "server", used * 1000 / len(asked), "ms")
