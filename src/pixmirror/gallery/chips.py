"""The row of chips above works: what is asked for, each with its way out, and menus of what else could be.

A choice is a link; what must be written is a form, which carries the other filters with it. So all of it works
without JavaScript.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pixmirror.reports import filters as parameters
from pixmirror.reports.choices import Choices
from pixmirror.reports.filters import Defaults, Filters, Order, Place
from pixmirror.reports.reasons import FILES
from pixmirror.reports.units import Unit

KINDS = {"picture": "Picture", "manga": "Manga", "ugoira": "Animation", "novel": "Novel"}
STATES = {
    "gone": "gone at Pixiv",
    "kept": "gone, kept here",
    "doubt": "in doubt",
    "hidden": "hidden at Pixiv",
    "edited": "changed",
    "damaged": FILES["damaged"].says,
    "left-out": "left out by choice",
    "waiting": "waiting for files",
}
SHOWN = {"show": "Show", "veil": "Veil", "hide": "Hide"}
RATIOS = {"wide": "wide", "tall": "tall", "square": "square"}
ORDERS: Mapping[Order, str] = {
    "posted": "newest first",
    "arrived": "last arrived",
    "bookmarked": "last bookmarked",
    "popular": "most bookmarked",
    "random": "random",
}
_KEYS = {"bookmark": "own tag", "rating": "R-18", "ai": "AI", "seen": "seen"}
_WORDS = {"show": "shown", "veil": "veiled", "hide": "hidden", "yes": "yes", "no": "not yet"}


@dataclass(frozen=True, slots=True)
class View:
    """A page of works: its path, what is shown where nothing is said, the filters that the path says itself."""

    path: str
    usual: Defaults
    fixed: frozenset[str] = frozenset()

    def address(self, filters: Filters) -> str:
        """Return the one address of these filters."""
        said = [(name, text) for name, text in parameters.written(filters, self.usual) if name not in self.fixed]
        return f"{self.path}?{parameters.encoded(said)}" if said else self.path

    def at(self, filters: Filters, place: Place | None = None) -> str:
        """Return the address of these works from a place on; None: from the newest on."""
        return self.address(replace(filters, at=place))

    def at_each(self, filters: Filters, units: Sequence[Unit]) -> list[str]:
        """Return the addresses of these works from each of some units on. A place stands last in an address."""
        newest = self.at(filters)
        return [f"{newest}{'&' if '?' in newest else '?'}at={unit.name}" for unit in units]

    def changed(
        self, filters: Filters, drop: tuple[str, str] | None = None, add: tuple[str, str] | None = None
    ) -> str:
        return _changed(self, filters, drop, add)


@lru_cache(1024)  # a page has thirty, and the next month of the same works has the same
def _changed(view: View, filters: Filters, drop: tuple[str, str] | None, add: tuple[str, str] | None) -> str:
    return view.address(parameters.changed(filters, view.usual, drop, add))


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    key: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Choice:
    text: str
    address: str
    is_on: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """Something to write in a form. `hint` shows how; `options` are offered."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Menu:
    """A chip that opens: choices, or fields with the parameters that go along. `chosen` stands in the chip."""

    name: str
    title: str
    chosen: str = ""
    choices: Sequence[Choice] = ()
    fields: Sequence[Field] = ()
    along: Sequence[tuple[str, str]] = ()


def chips(view: View, filters: Filters, found: Choices) -> list[Chip]:
    """Return the filters that are on."""
    return [
        Chip(*said(name, text, found), view.changed(filters, drop=(name, text)))
        for name, text in parameters.written(filters, view.usual)
        if name not in ("order", "seed", "at") and name not in view.fixed
    ]


def said(name: str, text: str, found: Choices) -> tuple[str, str]:
    """Return a parameter in words: its key, its value."""
    if name in ("tag", "bookmark") and text.startswith("-"):
        return f"not {_KEYS.get(name, name)}", text[1:]
    if name == "size":
        return name, f"{text} MP"
    words = {"state": STATES, "type": {kind: word.lower() for kind, word in KINDS.items()}}.get(name, _WORDS)
    return _KEYS.get(name, name), found.names.get((name, text)) or words.get(text, text)


def menus(view: View, filters: Filters, found: Choices, seed: int) -> list[Menu]:
    """Return the menus, but those of what the page itself says. `seed` is that of the next random order."""
    here, order = replace(filters, at=None), filters.order
    along = _along(view, here)
    every = (
        Menu("type", "Type", choices=_any_of(view, here, "type", KINDS)),
        Menu("tag", "Tag", fields=(Field("tag", "Tag", "夜, or -猫 for works without"),), along=along),
        Menu("artist", "Artist", fields=(Field("artist", "Artist", "name or id"),), along=along),
        Menu("state", "State", choices=_any_of(view, here, "state", STATES)),
        Menu("rating", "Rating", choices=_one_of(view, here, "rating", SHOWN)),
        Menu("ai", "AI", choices=_one_of(view, here, "ai", SHOWN)),
        _more(view, here, found),
        Menu("order", "Order", ORDERS[order], [_ordered(view, here, key, seed) for key in ORDERS]),
    )
    return [menu for menu in every if menu.name not in view.fixed]


def _more(view: View, filters: Filters, found: Choices) -> Menu:
    """Return the menu of what is asked for rarely."""
    fields = [
        Field(
            "posted", "Posted", "2024, 2024-03 or 2024-03..2024-06", filters.posted.text if filters.posted else ""
        ),
        Field("pages", "Pages", "10.. or 2..8", filters.pages.text if filters.pages else ""),
        Field("size", "Megapixels", "2.. or 1..4", filters.size.text if filters.size else ""),
        Field("bookmark", "Own tag of bookmarks", options=found.own_tags),
        Field("job", "Seen by job", options=found.jobs),
    ]
    shapes = _any_of(view, filters, "ratio", RATIOS)
    seen = []
    for key, word, is_on in (("yes", "seen", filters.seen is True), ("no", "not seen yet", filters.seen is False)):
        address = view.changed(filters, ("seen", ""), None if is_on else ("seen", key))
        seen.append(Choice(word, address, is_on))
    replaced = {"posted", "pages", "size"}
    along = [(name, text) for name, text in _along(view, filters) if name not in replaced]
    return Menu("more", "More", choices=(*shapes, *seen), fields=fields, along=along)


def _ordered(view: View, filters: Filters, order: Order, seed: int) -> Choice:
    wanted = replace(filters, order=order, seed=seed if order == "random" else 0)
    return Choice(ORDERS[order], view.address(wanted), order == filters.order)


def _along(view: View, filters: Filters) -> list[tuple[str, str]]:
    return [(name, text) for name, text in parameters.written(filters, view.usual) if name not in view.fixed]


def _any_of(view: View, filters: Filters, name: str, words: dict[str, str]) -> list[Choice]:
    """Return choices of which several may be on: each turns itself on or off."""
    on = getattr(filters, name)
    return [
        Choice(
            word, view.changed(filters, *(((name, key), None) if key in on else (None, (name, key)))), key in on
        )
        for key, word in words.items()
    ]


def _one_of(view: View, filters: Filters, name: str, words: dict[str, str]) -> list[Choice]:
    on = getattr(filters, name)
    return [Choice(word, view.changed(filters, (name, ""), (name, key)), key == on) for key, word in words.items()]
