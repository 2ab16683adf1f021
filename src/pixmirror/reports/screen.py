"""The short screen of `status` in words: a running pixmirror sends it to a command that reads no catalogue."""

from typing import TypedDict


class Situation(TypedDict):
    """A sentence, and what to do, a line each."""

    says: str
    do: list[str]


class LastNew(TypedDict):
    """The title of the work that came in last, and when."""

    title: str
    when: str


class Screen(TypedDict):
    """What stands on it from top to bottom. `next_look`: when something new is looked for; both it and `last` only
    while all is well. `figures`: a label and a text each; `jobs`: name, last run, what came of it, next run.
    """

    situations: list[Situation]
    is_well: bool
    last: LastNew | None
    next_look: str | None
    figures: list[tuple[str, str]]
    asides: list[str]
    jobs: list[tuple[str, str, str, str]]
