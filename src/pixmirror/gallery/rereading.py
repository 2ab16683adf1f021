"""The configuration after it was changed: the gallery uses it as the daemon does, or says why it does not."""

import asyncio

from pixmirror.errors import PixmirrorError
from pixmirror.gallery.place import Gallery

BOUND = ("mirror", "gallery")  # tables that are used when the gallery starts: folders, address, who may look


async def reread(here: Gallery) -> None:
    """Use the config file as it is now, all but what is bound when the gallery starts."""
    if here.reread is None:
        return
    here.read_at = here.clock.now()
    try:
        found = await asyncio.to_thread(here.reread)
    except PixmirrorError as error:
        here.runs_with = f"The gallery runs with the earlier configuration: {error}"
        return
    changed = [name for name in BOUND if getattr(found, name) != getattr(here.config, name)]
    here.config = found.model_copy(update={name: getattr(here.config, name) for name in changed})
    here.runs_with = ""
    if changed:
        tables = " and ".join(f"[{name}]" for name in changed)
        here.runs_with = f"The gallery runs with the earlier {tables}: start it again to use the new one."
