"""axe-core over a page: nothing serious may be found."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")
# Nothing is loaded once more: rules want that which are off (of turned phones) or not serious (of audio).
OPTIONS = {"resultTypes": ["violations"], "preload": False}


def faults(page: Page) -> list[str]:
    """Return what axe finds serious on a page."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in SERIOUS]
