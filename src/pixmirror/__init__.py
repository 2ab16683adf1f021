"""pixmirror keeps a complete, searchable, verifiable local mirror of the Pixiv that its user cares about."""

import sys

# httpx brings a command line along, and that rich and a highlighter (a third of its time to load, 4 MB). Nobody in
# this process runs it, and where it cannot be had httpx does without.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

__version__ = "0.3.0.dev0"
