"""Keep the disk's reserve: look for room before a body comes, and while it comes."""

import asyncio
import threading
from dataclasses import dataclass, field

from pixmirror.errors import DiskFull, NoRoom
from pixmirror.store import MirrorRoot
from pixmirror.store.part import Part

NEAR = 64 << 20  # closer to the reserve than this the disk is asked each time
IN_A_ROW = 3  # files that do not fit, with none stored between: then nothing more is asked for


@dataclass(slots=True)
class Room:
    """What is left above the reserve, and how much of it is promised to files on their way."""

    root: MirrorRoot
    _left: int = 0
    _promised: int = 0
    _refused: dict[int, int] = field(default_factory=dict)  # files that did not fit, and what they need
    _in_a_row: set[int] = field(default_factory=set)
    # So that two files do not take the same room, each after its own look.
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> list[int]:
        """Look before files are claimed. Return those that fit after all. DiskFull without room. Blocks."""
        self.root.check_room(min(self._refused.values()) if len(self._in_a_row) >= IN_A_ROW else 0)
        self._left = self.root.room()
        fit = [media_id for media_id, needed in self._refused.items() if needed <= self._left - self._promised]
        for media_id in fit:
            del self._refused[media_id]
        if fit:
            self._in_a_row.clear()
        return fit

    async def promise(self, media_id: int, needed: int) -> None:
        """Reserve room for a body. NoRoom when it does not fit; DiskFull when file after file does not."""
        if self._promised + needed > self._left - NEAR:
            self._left = await asyncio.to_thread(self.root.room)
            if self._promised + needed > self._left:
                self.refuse(media_id, needed)
        self._promised += needed

    def refuse(self, media_id: int, needed: int) -> None:
        self._refused[media_id] = needed
        self._in_a_row.add(media_id)
        text = (
            f"The disk of {self.root.media} has no room for {needed >> 10:,} KiB more: mirror.keep_free would be "
            "eaten into"
        )
        if len(self._in_a_row) >= IN_A_ROW:
            raise DiskFull(f"{text}, and so it was with the files before.")
        raise NoRoom(f"{text}.")

    def lacking(self) -> NoRoom | None:
        """Return what to say of the files that did not fit, if there are any."""
        if not self._refused:
            return None
        files, needed = len(self._refused), min(self._refused.values()) >> 10
        return NoRoom(
            f"The disk of {self.root.media} has no room for {files:,} {'file' if files == 1 else 'files'}, "
            f"of {needed:,} KiB at least: mirror.keep_free would be eaten into."
        )

    def over(self, promised: int, came: int) -> None:
        """End a promise: the file is no longer on its way, and `came` bytes of it are on the disk or will be."""
        self._promised -= promised
        self._left -= came

    def stored(self, media_id: int) -> None:
        self._in_a_row.clear()
        self._refused.pop(media_id, None)

    def spill(self, part: Part) -> None:
        """Write to the disk what is held in memory, if there is room. Blocks. DiskFull."""
        with self._writing:
            self.root.check_room(part.held)
            part.spill()

    def leave(self, part: Part) -> None:
        """Leave a part for a later try, with what is held in memory if there is room for it. Blocks."""
        with self._writing:
            if self.root.room() < part.held:
                part.drop_held()
            part.abort(keep=True)
