"""A work in a list, as HTML, and the links to the months of all: a page has up to 180 works and as many months,
which the template's own language takes five times as long for.

What a module makes tiles of is written by the same functions. Every text goes through `_text`.
"""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from pixmirror.gallery import shown
from pixmirror.reports.tiles import Tile

_LOOKS = {"kept": "kept", "damaged": "bad"}  # classes of badges


def tile(
    work: Tile,
    tag: str = "li",
    *,
    lazy: bool = True,
    caption: bool = True,
    form: str = "",
    veiled: bool = False,
    number: int | None = None,
    address: str = "",
) -> Markup:
    """Write a work. `form`: the id of the form that takes it up when it is selected; `veiled`: it shows only when
    asked to; `number`: its own in a series or ranking.
    """
    classes = f"tile r{work.ratio_class}{' gone' if work.mark == 'kept' else ''}{' veil' if veiled else ''}"
    colour = f' data-c="{work.colour}"' if work.colour else ""
    named = f' aria-label="{_text(shown.label(work))}"' if work.has_picture else ""
    key = f"{'n' if work.medium == 'novel' else 'w'}{work.ref.id}"
    return Markup(
        f'<{tag} class="{classes}"{colour}><a href="{_text(address or work.url)}"{named}>{_face(work, lazy)}</a>'
        f"{_pick(work.title, form, key) if form else ''}{_badges(work)}"
        f"{_number(number) if number else ''}"
        f"{_caption(work) if caption and work.has_picture else ''}</{tag}>\n"
    )


def blank_tile() -> Markup:
    """Write what a module makes tiles of: a picture and a novel's paper, and all badges."""
    picture = '<img alt="" decoding="async" data-part="picture">'
    badges = "".join(map(_badge, shown.MARKS)) + _pages_badge("") + _PLAY
    return Markup(
        f'<template id="tile"><li class="tile"><a tabindex="-1">{picture}{_paper("", "", "")}</a>'
        f"{_pick('', '', '')}{badges}</li></template>"
    )


def parts_of(addresses: Sequence[str], units: Sequence[Sequence[Any]], index: int) -> Markup:
    """Write links to the parts of the works, as listing.py tells of them; the page shows the one at `index`."""
    links = (
        f'<li><a class="chip" href="{_text(address)}"{_HERE if at == index else ""}>{_text(unit[3])}'
        f" <small>{unit[1]:,}</small></a></li>"
        for at, (address, unit) in enumerate(zip(addresses, units, strict=True))
    )
    return Markup(f'<ul class="chips">{"".join(links)}</ul>')


_HERE = ' aria-current="true"'


def _text(text: str) -> str:
    return str(escape(shown.harmless(text)))


def _icon(name: str) -> str:
    return f'<svg class="i" aria-hidden="true"><use href="/static/icons.svg#{name}"/></svg>'


def _face(work: Tile, lazy: bool) -> str:
    if work.sha256:
        size = f' width="{work.width}" height="{work.height}"' if work.width else ""
        when = ' loading="lazy"' if lazy else ""
        return f'<img src="/thumb/{work.picture}.webp" alt=""{size}{when} decoding="async">'
    return "" if work.has_picture else _paper(work.title, work.artist, shown.label_rest(work))


def _paper(title: str, artist: str, said: str) -> str:
    return (
        f'<span class="paper" data-part="paper" lang="{shown.language(title)}"><b>{_text(title)}</b>'
        f'<span>{_text(artist)}</span></span><span class="vh" data-part="rest">{_text(said)}</span>'
    )


def _pick(title: str, form: str, value: str) -> str:
    of = f' form="{form}"' if form else ""
    return f'<input type="checkbox" class="pick" name="id" value="{value}"{of} aria-label="Select {_text(title)}">'


def _badges(work: Tile) -> str:
    mark = _badge(work.mark) if work.mark else ""
    if work.pages > 1 and work.type != "novel":
        return mark + _pages_badge(str(work.pages))
    return mark + _PLAY if work.type == "ugoira" else mark


def _badge(mark: str) -> str:
    return f'<span class="bd tl {_LOOKS.get(mark, "")}" data-part="{mark}">{_icon(shown.MARKS[mark][0])}</span>'


def _pages_badge(pages: str) -> str:
    return f'<span class="bd tr" data-part="pages">{_icon("pages")}{pages}</span>'


def _number(number: int) -> str:
    return f'<span class="bd bl">{number:,}</span>'


_PLAY = f'<span class="bd tr" data-part="play">{_icon("play")}</span>'


def _caption(work: Tile) -> str:
    title, artist = work.title, work.artist
    return (
        f'<span class="cap" aria-hidden="true"><b lang="{shown.language(title)}">{_text(title)}</b>'
        f'<span lang="{shown.language(artist)}">{_text(artist)}</span></span>'
    )
