"""The only writer of files below the mirror's root and media folder. Plain blocking code; see each for threads.

Catalogue paths ("rel") are POSIX paths relative to the media root, which is `<root>/media` unless the media lie
elsewhere: `123/456_p0.jpg`. Which file gets which path, the catalogue decides (catalogue/paths.py). Only what was
checked, synced and renamed is ever called stored.
"""

from pixmirror.store.gallery import holding_gallery
from pixmirror.store.owner import refuse_others
from pixmirror.store.part import Check, Part, Stored
from pixmirror.store.paths import MARKER, resolve
from pixmirror.store.root import Look, MirrorRoot
from pixmirror.store.start import had_catalogue, is_shared

__all__ = [
    "MARKER",
    "Check",
    "Look",
    "MirrorRoot",
    "Part",
    "Stored",
    "had_catalogue",
    "holding_gallery",
    "is_shared",
    "refuse_others",
    "resolve",
]
