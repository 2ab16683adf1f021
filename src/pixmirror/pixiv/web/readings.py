"""How the website says that tags are read."""

from collections.abc import Iterable, Iterator

from pixmirror.models import Reading
from pixmirror.pixiv.web.bodies import TagInfo
from pixmirror.pixiv.web.models import WebTag

_NONE = ("", "-")  # as it writes that there is none


def of_work(tags: Iterable[WebTag]) -> Iterator[Reading]:
    """Return the readings of a work's tags."""
    return (Reading(tag.name, "romaji", tag.romaji) for tag in tags if tag.romaji and tag.romaji not in _NONE)


def of_tag(info: TagInfo) -> Iterator[Reading]:
    """Return the readings of a tag, and of those that its answer names beside it."""
    kana = info.pixpedia.get("yomigana")
    if isinstance(kana, str) and kana not in _NONE:
        yield Reading(info.tag, "yomigana", kana)
    for name, told in (info.tag_translation or {}).items():
        romaji = told.get("romaji") if isinstance(told, dict) else None
        if isinstance(romaji, str) and romaji not in _NONE:
            yield Reading(name, "romaji", romaji)
