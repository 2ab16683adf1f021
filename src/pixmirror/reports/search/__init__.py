"""Search that forgives, the same for `pixmirror search`, the page and its suggestions.

`find(conn, text, ...)` finds works and says how it understood the text, `suggest(conn, text)` what to offer while
it is typed. query.py reads a text, match.py makes expressions of it, scan.py does without search.db.
"""

from pixmirror.reports.search.finding import Chip, Found, Keys, find, find_keys
from pixmirror.reports.search.hits import Hit
from pixmirror.reports.search.suggest import Suggestions, fitting, saved_searches, suggest

__all__ = [
    "Chip",
    "Found",
    "Hit",
    "Keys",
    "Suggestions",
    "find",
    "find_keys",
    "fitting",
    "saved_searches",
    "suggest",
]
