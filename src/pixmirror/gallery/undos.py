"""What was just done, told on the next page with a way back. It is kept for a while, in memory alone."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from pixmirror.clock import MINUTE_MS, Clock

KEPT_MS = 10 * MINUTE_MS
MOST = 50

Undo = Callable[..., object]  # a transaction of gallery.db


@dataclass(frozen=True, slots=True)
class Done:
    """What is told, and what takes it back; `token` names it in a form."""

    token: str
    says: str
    undo: Undo | None
    at: int


class Undos:
    """The last things that were done, by token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done: dict[str, Done] = {}

    def keep(self, says: str, undo: Undo | None) -> Done:
        """Keep what was done. What was done long before is let go."""
        now = self._clock.now()
        kept = [one for one in self._done.values() if now - one.at < KEPT_MS]
        done = Done(secrets.token_urlsafe(16), says, undo, now)
        self._done = {one.token: one for one in (*kept[-MOST + 1 :], done)}
        return done

    def of(self, token: str) -> Done | None:
        """Return what was done; None where it was too long ago, or is taken back."""
        found = self._done.get(token)
        return found if found and self._clock.now() - found.at < KEPT_MS else None

    def drop(self, token: str) -> None:
        self._done.pop(token, None)
