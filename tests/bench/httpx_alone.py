"""The floor under any mirror that uses httpx: the image URLs, hashed and written, and nothing else.

    python -m tests.bench.httpx_alone CONNECTIONS FOLDER URLS

URLS is a file with one URL a line. One client with one connection for each of CONNECTIONS workers, which is the
cheapest way that was found (as pixmirror does it). No check, no sync, no catalogue, no second try.
"""

import asyncio
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx


async def main(connections: int, folder: Path, urls: Iterator[str]) -> None:
    context = httpx.create_ssl_context()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_work(httpx.AsyncClient(verify=context), folder, urls))


async def _work(client: httpx.AsyncClient, folder: Path, urls: Iterator[str]) -> None:
    async with client:
        for url in urls:
            digest = hashlib.sha256()
            with (folder / url.rpartition("/")[2]).open("wb") as file:
                async with client.stream("GET", url) as response:
                    response.raise_for_status()
                    async for chunk in response.aiter_raw():
                        digest.update(chunk)
                        file.write(chunk)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), iter(Path(sys.argv[3]).read_text().split())))
