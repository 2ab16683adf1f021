"""Whether an endpoint is asked at all: one that Pixiv has removed is asked once a day, by one for all."""

from pixmirror.catalogue import endpoints
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.endpoints import Refusals
from pixmirror.errors import EndpointGone, PixmirrorError


class Endpoints:
    """What is known of removed endpoints, read once from the catalogue and kept beside it: asking costs nothing
    while all endpoints are there. A thing is what asks: a list's endpoint, or a kind of chore and its medium.
    """

    def __init__(self) -> None:
        self._refused: set[str] | None = None

    async def closed(self, db: Database, thing: str, now: int) -> Refusals | None:
        """Why this is not asked now, or None."""
        if self._refused is None:
            self._refused = set(await db.read(endpoints.refusals))
        return await db.run(endpoints.may_ask, thing, now) if thing in self._refused else None

    async def heard(self, db: Database, thing: str, error: PixmirrorError | None, now: int) -> None:
        """How asking went: an answer brings it back, a second refusal without one between puts all of it off."""
        if isinstance(error, EndpointGone):
            await db.run(endpoints.refused, thing, str(error), now)
            self._refused = None
        elif error is None and self._refused and thing in self._refused:
            await db.run(endpoints.answered, thing, now)
            self._refused = None
