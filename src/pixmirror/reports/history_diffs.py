"""What changed in a text, short enough to read; pure."""

import re
from difflib import unified_diff

MOST = 400  # lines told of one change
TOO_LONG = 5_000  # lines that are compared at all
_BREAK = re.compile(r"<br\s*/?>|\r\n|\n|\r|\[newpage\]")


def lines_of(text: str) -> list[str]:
    """By Pixiv's own breaks: of HTML in captions, of pages in novels."""
    return _BREAK.split(text) if text else []


def diff(before: str, after: str) -> tuple[str, ...]:
    """A unified diff without head and context."""
    old, new = lines_of(before), lines_of(after)
    if max(len(old), len(new)) > TOO_LONG:
        return (f"@@ {len(old):,} lines before, {len(new):,} after @@",)
    found = list(unified_diff(old, new, lineterm="", n=0))[2:]
    if len(found) > MOST:
        return (*found[:MOST], f"@@ and {len(found) - MOST:,} more lines @@")
    return tuple(found)
