"""What goes on while the gallery answers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from pixmirror.contained import contained
from pixmirror.errors import PixmirrorError

log = logging.getLogger(__name__)


@asynccontextmanager
async def repeated(
    act: Callable[[], Awaitable[bool]], every_s: float, *, what: str, trouble: str
) -> AsyncIterator[None]:
    """Do something every so many seconds while the block runs, until it says that it is done.

    What it fails of is logged once, after `trouble`, and it is tried again; `what` names it where nobody has
    foreseen that.
    """
    task = asyncio.create_task(_run(act, every_s, what, trouble))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _run(act: Callable[[], Awaitable[bool]], every_s: float, what: str, trouble: str) -> None:
    failure = ""
    while True:
        try:
            with contained(what, failure):
                if await act():
                    return
            failure = ""
        except PixmirrorError as error:
            if str(error) != failure:
                log.warning("%s: %s", trouble, error)
            failure = str(error)
        await asyncio.sleep(every_s)
