"""Tell whether a mirror has a past: then a missing catalogue was lost, and is not begun anew in silence."""

import json
from pathlib import Path

IDENTITY = "mirror.json"


def had_catalogue(root: Path, media: Path | None) -> bool:
    """Return whether a catalogue was made for the mirror in this folder, or its media folder holds files.

    A mirror whose first start was cut has an id, but neither.
    """
    try:
        identity = json.loads((root / IDENTITY).read_bytes())
    except (OSError, ValueError):
        return False  # no mirror, or one whose id must be put right first
    return (isinstance(identity, dict) and identity.get("catalogue") is True) or holds_files(
        media or root / "media"
    )


def holds_files(media: Path) -> bool:
    """Return whether there is an artist's folder: those are named by numbers; names with a dot are the store's
    own.
    """
    try:
        return any(entry.name.isdigit() for entry in media.iterdir())
    except OSError:
        return False
