"""Every reason why a file, or a work, is not here: one wording each, and the command that cures it.

`status`, `why`, `show`, `coverage`, the gallery and the pages of `help` say these words and no others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pixmirror.catalogue.media import LIMIT, NOT_A_FILE

REF = "REF"


@dataclass(frozen=True, slots=True)
class Reason:
    """`says` stands behind "a file", "3 files" or "2 works". `cure`: what brings it, by which command; REF in it
    is the work or user.

    `hint` is the cure where there is no room for a sentence; empty where nothing need be done.
    """

    says: str
    cure: str
    hint: str = ""

    def cure_of(self, ref: object) -> str:
        """Return the cure of one work or user."""
        return self.cure.replace(REF, str(ref))


_HIDDEN = Reason("hidden from the app", "a web login shows it: `pixmirror help recover`", "web login")
_WANTED = Reason("still to be fetched", "`pixmirror sync`, or the running pixmirror, fetches it")
_FAILED = Reason(
    "could not be had",
    "`pixmirror retry REF` asks for it again; `pixmirror why REF` has the reason",
    "pixmirror retry",
)
_GONE = Reason(
    "gone at Pixiv, and not here",
    "it is fetched if the artist replaces it; `pixmirror retry REF` asks once more",
)
_DAMAGED = Reason(
    "damaged at Pixiv",
    "it is kept as it is, and asked for again now and then; `pixmirror retry REF` asks at once",
)
_REFUSED = Reason(
    "left out by your jobs' filters",
    "to have it, loosen the filter that `pixmirror why REF` names, or have a job read a list that shows it",
)
_FORGOTTEN = Reason("forgotten by you", "`pixmirror unforget REF` lets it come again")

# By the state of a file; "stored" is no reason.
FILES: Mapping[str, Reason] = MappingProxyType(
    {
        "wanted": _WANTED,
        "fetching": Reason("first in the queue", _WANTED.cure),
        "waiting": Reason(
            "waiting for another try", "it is tried again by itself; `pixmirror retry REF` asks at once"
        ),
        "failed": _FAILED,
        "gone": _GONE,
        "damaged": _DAMAGED,
        "refused": _REFUSED,
        "forgotten": _FORGOTTEN,
    }
)

# Why a work that is upstream is not whole here.
WORKS: Mapping[str, Reason] = MappingProxyType(
    {
        "unread": Reason(
            "could not be read",
            "it is kept as it came, and asked for again by itself; `pixmirror why REF` has what is wrong with it, "
            "`pixmirror check --record DIR` writes down what to report",
        ),
        "unseen": _HIDDEN,
        "limited": _HIDDEN,
        "stub": Reason(
            "shown only as a placeholder", "a web login may show it: `pixmirror help recover`", "web login"
        ),
        "wanted": _WANTED,
        "failed": _FAILED,
        "damaged": _DAMAGED,
        "lost": _GONE,
        "refused": _REFUSED,
        "forgotten": _FORGOTTEN,
    }
)

TOO_LARGE = Reason(_FAILED.says, f"it is fetched when you raise {LIMIT}: `pixmirror help config`")
NO_KIND = Reason(_FAILED.says, "files of its kind are not stored; with a newer pixmirror `pixmirror retry REF`")
LACKING = Reason(
    _FAILED.says,
    "the work is asked for again by itself, until what Pixiv gives has it; `pixmirror retry REF` asks at once",
)


def of_failed(error: str, url: str) -> Reason:
    """Return the reason of a file in the state "failed", of its error and address: what brings it differs."""
    if not url:
        return LACKING
    if LIMIT in error:
        return TOO_LARGE
    return NO_KIND if error == NOT_A_FILE else _FAILED


def upper(sentence: str) -> str:
    """Begin a sentence with these words."""
    return sentence[:1].upper() + sentence[1:]
