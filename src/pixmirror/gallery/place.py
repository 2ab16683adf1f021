"""What the pages share while the gallery runs: where the mirror lies, its catalogue, its own writer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request

from pixmirror import control
from pixmirror.catalogue.shelves import Shelves


@dataclass(frozen=True, slots=True)
class Gallery:
    """One mirror's gallery. `media` is the folder of its files, `env` tells where its daemon's socket may lie."""

    root: Path
    media: Path
    shelves: Shelves
    env: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, command: str, **fields: Any) -> dict[str, Any] | None:
        """Ask the daemon of this mirror; None where none runs."""
        return await control.ask(self.root, self.env, {"command": command, **fields})


def gallery(request: Request) -> Gallery:
    found: Gallery = request.app.state.gallery
    return found


def shelves(request: Request) -> Shelves:
    """Return the catalogue with the gallery's own files, to be asked questions of reports/."""
    return gallery(request).shelves
