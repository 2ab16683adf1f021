"""What a verification found, as data."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pixmirror.catalogue.findings import KINDS, Kind

EXAMPLES = 100

Problem = Literal["missing", "wrong_size", "wrong_hash", "wrong_kind", "unreadable"]


@dataclass(frozen=True, slots=True)
class Bad:
    """A stored file that is not as it was stored. `kind` says the same in the words of all findings."""

    media_id: int
    path: str
    problem: Problem
    kind: Kind
    detail: str


@dataclass(slots=True)
class Report:
    """What was found. `unreadable` files (an I/O error, a permission) are reported only: the disk is at fault."""

    checked: int = 0
    ok: int = 0
    missing: int = 0
    wrong_size: int = 0
    wrong_hash: int = 0
    wrong_kind: int = 0  # no plain file
    unreadable: int = 0
    wanted_again: int = 0
    back: int = 0  # lost before this, and there again with the same bytes
    adopted: int = 0  # lost, and found under another name
    copied: int = 0  # lost, and brought back from a second copy
    still_wanted: int = 0  # found bad, or lost, before this, and not fetched again yet
    given_up: int = 0  # lost, not to be had from Pixiv any more, and not accepted as lost
    held: str = ""  # so much is lost at once that none of it is believed
    unknown_files: int = 0
    sidecars_missing: int = 0
    sidecars_changed: int = 0
    bytes: int = 0
    rows_checked: int = 0  # of what was primary in the catalogue
    rows_changed: int = 0  # blocks of rows that are not as they were written
    garbled: list[str] = field(default_factory=list)  # these, and answers and texts that cannot be read
    tags_miscounted: int = 0
    findings: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))  # of all, by kind
    bad: list[Bad] = field(default_factory=list)  # the first hundred, like `unknown` and `garbled`
    lost: list[str] = field(default_factory=list)  # paths of all that was given up
    unknown: list[str] = field(default_factory=list)
    copies_absent: list[str] = field(default_factory=list)
    catalogue: tuple[str, ...] = ()
    mended: int = 0  # found bad by this run, and brought back by it

    @property
    def sound(self) -> bool:
        """Return whether every file ever stored is whole, or its loss accepted, and the catalogue too. Strays,
        sidecars and counters are no damage.
        """
        whole = self.checked == self.ok + self.mended
        return whole and not (self.catalogue or self.garbled or self.still_wanted or self.given_up)

    def as_dict(self) -> dict[str, Any]:
        return {"sound": self.sound, **asdict(self)}

    def count(self, bad: Bad) -> None:
        """Count a file that is not as it was stored."""
        setattr(self, bad.problem, getattr(self, bad.problem) + 1)
        self.findings[bad.kind] += 1
        if len(self.bad) < EXAMPLES:
            self.bad.append(bad)
