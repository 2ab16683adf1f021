"""What a simulated year did to the world: every event, and which state each thing had from when on."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Thing = tuple[str, Any]  # ("work", Key) | ("user", id) | ("comment", Key) | ("bookmark", Key) | ("follow", id)


@dataclass(frozen=True, slots=True)
class Event:
    """`after` is what an answer shows of it, in the names of `recorder.work_content` and its like."""

    at: int
    kind: str
    subject: Thing
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


class Log:
    """The events in order, and the states over time; a thing that is not in `states` was always live."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.states: dict[Thing, list[tuple[int, str]]] = defaultdict(list)

    def add(self, event: Event) -> None:
        self.events.append(event)

    def state(self, at: int, thing: Thing, state: str) -> None:
        self.states[thing].append((at, state))

    def now(self, thing: Thing) -> str:
        return self.states[thing][-1][1] if self.states.get(thing) else "live"

    def since(self, thing: Thing) -> int:
        """When it came into its last state; 0: always."""
        return self.states[thing][-1][0] if self.states.get(thing) else 0

    def had(self, thing: Thing, since: int, until: int) -> set[str]:
        """The states that it had at any moment of a time."""
        found, last = set[str](), "live"
        for at, state in self.states.get(thing, ()):
            if at > until:
                break
            if at <= since:
                last = state
            else:
                found.add(state)
        return {last, *found}
