"""Hostile names and titles in every list: they stay words, run nothing, ask nobody and widen no page."""

import re
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog

from tests.gallery.accessible import faults
from tests.gallery.changed import CAPTION, HOSTILE
from tests.gallery.conftest import Served, looking
from tests.gallery.readable import ask

WORDS = " ".join(HOSTILE)
LISTS = ("/a", "/tags", "/series", "/rankings", "/rankings?mode=day&day={day}", "/novels", "/series/n{series}")


def _poison(root: Path) -> dict[str, object]:
    """Make all that strangers name in a mirror hostile. Return what addresses of the lists need."""
    ask(root, "UPDATE work SET title = ? || work_key", WORDS)
    ask(root, "UPDATE user SET name = ?", WORDS)
    ask(root, "UPDATE tag SET name = ? || id WHERE id % 2", WORDS)
    ask(root, "UPDATE tag_translation SET text = ?", WORDS)
    ask(root, "UPDATE translation_seen SET text = ?", WORDS)
    ask(root, "UPDATE series SET title = ?, caption = ?", WORDS, CAPTION)
    ask(root, "UPDATE text_version SET body = ?", zlib.compress(WORDS.encode()))
    ask(root, "DELETE FROM media WHERE role = 'cover'")  # paper shows the title
    series = ask(root, "SELECT max(series_key) >> 1 FROM work WHERE series_key & 1")[0][0]
    return {"series": series, "day": ask(root, "SELECT max(date) FROM ranking_day")[0][0]}


@pytest.mark.parametrize("width", [1440, 360])
def test_hostile_texts_in_lists_are_only_texts(browser: Browser, own_gallery: Served, width: int) -> None:
    found, ran = _poison(own_gallery.root), list[str]()

    def note(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    with looking(browser, own_gallery.url, width) as page:
        page.on("dialog", note)
        for address in LISTS:
            page.goto(address.format(**found))
            assert page.locator("main iframe, main base, main [onload], main [onerror]").count() == 0
            shown = page.locator("main").inner_text() + page.title()
            assert not re.search("[\u0000-\u0008\u202a-\u202e\u2066-\u2069]", shown)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            assert (ran, faults(page)) == ([], []), address
