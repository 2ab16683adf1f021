"""Search that forgives, the same for `pixmirror search`, the page and its suggestions.

`find(conn, text, ...)` finds works; `parse` says what a text asks, `match` how it is looked for in search.db.
"""

from pixmirror.reports.search.find import Chip, Found, find
from pixmirror.reports.search.hits import Hit

__all__ = ["Chip", "Found", "Hit", "find"]
