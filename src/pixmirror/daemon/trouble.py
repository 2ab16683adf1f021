"""What stands still and why, and how long to wait before the next try."""

import re
from dataclasses import dataclass, field

from pixmirror.errors import AccountWarned, CatalogueError, LoginError, MirrorLocked, PixmirrorError, StorageError
from pixmirror.reports import troubles

TROUBLE_S = (15, 60, 300, 900)
UNFORESEEN = "unforeseen"  # a mistake of ours, outside of any one thing
PIXIV = "pixiv"
WARNING = "warning"
LASTING = ("login", WARNING, "storage", "catalogue")  # no use to wait for, where somebody waits for the end
CATALOGUE_FAILS = (StorageError, CatalogueError, MirrorLocked)
THINGS = {
    "login": "the Pixiv login", WARNING: "the account", "pixiv": "Pixiv", "images": "the image host",
    "storage": "the media folder", "catalogue": "the catalogue", UNFORESEEN: "pixmirror itself",
}  # fmt: skip
WORKS_AGAIN = {
    WARNING: "the warning was read", "pixiv": "Pixiv answers again", "images": "the image host answers again",
    "storage": "the media folder takes files again", "catalogue": "the catalogue takes entries again",
}  # fmt: skip


@dataclass(slots=True)
class Troubles:
    """What stands still and why, by cause: login, pixiv, storage. Errors stay until something works again."""

    errors: dict[str, PixmirrorError] = field(default_factory=dict)
    strikes: dict[str, int] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)

    def add(self, cause: str, error: PixmirrorError, now: int) -> float:
        """Return the seconds to wait before the next try. Loops that meet one trouble together strike once."""
        self.errors[cause] = error
        self.since.setdefault(cause, now)
        if not self.left(cause, now):
            strikes = self.strikes[cause] = self.strikes.get(cause, 0) + 1
            self.until[cause] = now + TROUBLE_S[min(strikes - 1, len(TROUBLE_S) - 1)] * 1000
        return self.left(cause, now)

    def left(self, cause: str, now: int) -> float:
        """Return the seconds until the next try of what stands still for this cause, 900 at the most."""
        if cause not in self.until:
            return 0.0
        # A time that is further away was set before the clock was put back: it is pulled back.
        self.until[cause] = min(self.until[cause], now + TROUBLE_S[-1] * 1000)
        return max((self.until[cause] - now) / 1000, 0.0)

    def as_data(self, now: int) -> tuple[troubles.Trouble, ...]:
        """Return what stands still as `status` and `sync --json` show it."""
        return tuple(
            troubles.Trouble(
                cause, THINGS.get(cause, cause), str(error), error.advice,
                at if (at := self.until.get(cause, 0)) > now and cause not in LASTING else None,
                since=self.since.get(cause), error=type(error).__name__,
            )
            for cause, error in self.errors.items()
        )  # fmt: skip

    def sentences(self) -> list[str]:
        return [f"{error} {error.advice}".strip() for error in self.errors.values()]

    def over(self, cause: str) -> bool:
        """Forget this cause. Return whether it was there."""
        self.strikes.pop(cause, None)
        self.since.pop(cause, None)
        self.until.pop(cause, None)
        return self.errors.pop(cause, None) is not None


def cause_of(error: PixmirrorError, *, fetching: bool = False) -> str:
    """Name what stands still: login, warning (all that is sent to Pixiv), pixiv, images (the image host),
    catalogue, storage (where the files go).
    """
    if isinstance(error, AccountWarned):
        return WARNING
    if isinstance(error, LoginError):
        return "login"
    if isinstance(error, CATALOGUE_FAILS):
        return "storage" if fetching else "catalogue"
    return "images" if fetching else PIXIV


def by_hand(advice: str) -> str:
    """Return what to do where no pixmirror runs that would go on by itself."""
    return re.sub(r";[^;]*by itself[^;]*\.$", "; `pixmirror sync` goes on then.", advice)
