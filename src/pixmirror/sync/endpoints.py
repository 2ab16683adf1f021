"""Whether an endpoint is asked at all: one that is removed, or fails for everything, is tried by one for all."""

from pixmirror.catalogue import endpoints
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.endpoints import Refusals
from pixmirror.errors import EndpointGone, Forbidden, NotFound, PixivError, PixmirrorError

ALIKE = 3  # different things that fail one after the other, with no answer of the endpoint between


class Endpoints:
    """What is known of removed and failing endpoints, read once from the catalogue and kept beside it: this costs
    nothing while all endpoints answer. A thing is what asks: a list's endpoint, or a kind of chore and its medium.
    """

    def __init__(self) -> None:
        self._refused: set[str] | None = None
        self._failed: dict[str, set[int]] = {}  # by thing: what was asked of it in vain since it last answered

    async def closed(self, db: Database, thing: str, now: int) -> Refusals | None:
        """Return why this is not asked now, or None."""
        if self._refused is None:
            self._refused = set(await db.read(endpoints.refusals))
        return await db.run(endpoints.may_ask, thing, now) if thing in self._refused else None

    async def heard(
        self, db: Database, thing: str, error: PixmirrorError | None, now: int, subject: int | None = None
    ) -> None:
        """Note how asking for this `subject` went. An answer brings the endpoint back; "not there" and "not
        for us" are answers. A second EndpointGone, or the third subject that fails in a row, puts all of it off.
        """
        if isinstance(error, EndpointGone):
            await db.run(endpoints.refused, thing, str(error), now)
            self._refused = None
        elif error is None or isinstance(error, NotFound | Forbidden):
            self._failed.pop(thing, None)
            if self._refused and thing in self._refused:
                await db.run(endpoints.answered, thing, now)
                self._refused = None
        elif isinstance(error, PixivError) and error.scope != "everything" and subject is not None:
            failed = self._failed.setdefault(thing, set())
            failed.add(subject)
            if len(failed) >= ALIKE or (self._refused and thing in self._refused):
                await db.run(endpoints.failing, thing, str(error), now)
                self._refused = None
