"""When a notice goes out: once, when what it tells of has lasted for long enough, and once when that is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pixmirror.models.notices import Event
from pixmirror.notify.receivers import NotTaken, Receiver
from pixmirror.terminal import one_line, shown

log = logging.getLogger(__name__)

AGAIN_MS = 300_000  # between two tries of a notice that nobody took

Kept = Mapping[str, Any]
Load = Callable[[], Awaitable[Kept]]
Save = Callable[[Kept], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the user is told, or will be: since when it holds (ms UTC), whether it `lasts` a while before that."""

    event: str
    title: str
    text: str = ""
    since: int = 0
    lasts: bool = False
    sent: bool = False


class Notifier:
    """Sends a notice when something changed: the same cause with the same title is sent once until it is cleared.

    What may pass by itself is sent when it has lasted `after_ms`. `load` and `save` keep what was sent, and since
    when the rest waits, over restarts. A notice is sent when one of the receivers took it. Else that is logged,
    never raised, and it is tried again while it holds.
    """

    def __init__(
        self,
        receivers: Sequence[Receiver],
        *,
        after_ms: int = 0,
        events: Collection[str] = tuple(Event),
        now: Callable[[], int],
        load: Load | None = None,
        save: Save | None = None,
    ) -> None:
        self.configure(receivers, after_ms=after_ms, events=events)
        self._now = now
        self._load = load
        self._save = save
        self._told: dict[str, Told] | None = None
        self._reported: set[str] = set()  # causes that were seen to hold since the start
        self._failing: set[str] = set()  # receivers whose failure was logged
        self._tried: dict[str, int] = {}  # when a notice was last tried in vain
        self._turn = asyncio.Lock()

    def configure(
        self, receivers: Sequence[Receiver], *, after_ms: int, events: Collection[str] = tuple(Event)
    ) -> None:
        """`events`: the types of notices that are sent at all."""
        self._receivers = tuple(receivers)
        self._events = frozenset(events)
        self._after_ms = after_ms

    def wants(self, event: str) -> bool:
        """Return whether anybody gets notices of this type."""
        return event in self._events and bool(self._receivers)

    async def send(self, event: str, title: str, text: str) -> bool:
        """Send what is no change of anything. Return whether one took it; what nobody took is not tried again."""
        async with self._turn:
            return self.wants(event) and await self._send(event, title, text)

    async def notify(self, cause: str, event: str, title: str, text: str, *, lasts: bool = False) -> bool:
        """Report that `cause` ("login", "job:daily") holds. `lasts`: it is told only if it goes on for a while.
        Return True when a notice went out.
        """
        if event not in self._events:
            return False
        async with self._turn:
            self._reported.add(cause)
            told = await self._state()
            known = told.get(cause)
            if known is not None and known.title == title and (known.sent or known.lasts == lasts):
                return not known.sent and await self._send_if_due(cause)
            since = known.since if known is not None else self._now()
            told[cause] = Told(event, title, text, since, lasts)
            await self._keep()
            return await self._send_if_due(cause)

    async def clear(self, cause: str, title: str = "", text: str = "") -> bool:
        """Report that the cause is over, so that its next time counts as new. With a `title`, say so if it was
        told, or should have been while nobody could be reached.
        """
        async with self._turn:
            self._reported.discard(cause)
            told = await self._state()
            known = told.pop(cause, None)
            if known is None:
                return False
            await self._keep()
            missed = self._tried.pop(cause, None) is not None
            if not title or not (known.sent or missed):
                return False
            if not known.sent:
                text = f"{text} What could not be told: {known.text or known.title}".strip()
            return await self._send(known.event or Event.FAULT, title, text)

    async def send_due(self) -> None:
        """Send what has lasted for long enough by now, and try again what nobody took. What an earlier process
        left waits until it is seen to hold still.
        """
        async with self._turn:
            for cause in self._reported & (await self._state()).keys():
                await self._send_if_due(cause)

    async def _send_if_due(self, cause: str) -> bool:
        told, now = await self._state(), self._now()
        one = told[cause]
        if one.sent:
            return False
        if one.since > now:  # the clock was set back
            one = told[cause] = replace(one, since=now)
        if one.lasts and now - one.since < self._after_ms:
            return False
        if 0 <= now - self._tried.get(cause, now - AGAIN_MS) < AGAIN_MS:
            return False
        if not await self._send(one.event, one.title, one.text):
            if self._receivers:
                self._tried[cause] = now
            return False
        self._tried.pop(cause, None)
        told[cause] = replace(one, sent=True)
        await self._keep()
        return True

    async def _state(self) -> dict[str, Told]:
        if self._told is None:
            self._told = _read(await self._load()) if self._load else {}
        return self._told

    async def _keep(self) -> None:
        if self._save and self._told is not None:
            await self._save({cause: asdict(one) for cause, one in self._told.items()})

    async def _send(self, event: str, title: str, text: str) -> bool:
        """Send to all at once. Return whether one took it; the first failure in a row of each is logged."""
        title, text = one_line(title), shown(text)
        answers = await asyncio.gather(*(self._send_to(one, event, title, text) for one in self._receivers))
        return any(answers)

    async def _send_to(self, receiver: Receiver, event: str, title: str, text: str) -> bool:
        try:
            await receiver.send(event, title, text)
        except NotTaken as error:
            if receiver.name not in self._failing:
                log.warning("The notice %r could not be sent: %s", title, error)
            self._failing.add(receiver.name)
            return False
        self._failing.discard(receiver.name)
        return True


def _read(kept: Kept) -> dict[str, Told]:
    """Read what was kept; an earlier version kept only the title of what it had sent."""
    return {c: Told("", one, sent=True) if isinstance(one, str) else Told(**one) for c, one in kept.items()}
