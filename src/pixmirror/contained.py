"""The last catch: whatever goes wrong with one thing becomes that thing's failure, and ends nothing else.

Readers refuse what they cannot take, at the border. What nobody has foreseen ends here: the daemon goes on, and
the thing is put off with its reason.
"""

import errno
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from pixmirror.errors import DiskFull, PixmirrorError, StorageError, Unforeseen

log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_OPEN = frozenset({errno.EMFILE, errno.ENFILE})
DEEPEST = 10  # of the causes of an error, which may go round in a circle
TOO_MANY_FILES = "Too many files are open: raise the limit (`ulimit -n`, or LimitNOFILE= of the service)."
# These speak of the disk or of the whole process, never of one thing.
_DISK = _FULL | _OPEN | {errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV, errno.ENXIO}


@contextmanager
def contained(what: str, before: str | None = None, *, tell: bool = True) -> Iterator[None]:
    """Make an Unforeseen of any exception that is no error of ours, or a StorageError of one of the disk.

    `what` begins the sentence: "The list user/illusts". `before` is what it failed of the last time: the trace is
    logged once for each kind of failure, not at each try; without `tell` that is the caller's. The text names the
    kind and the place, never values.
    """
    try:
        yield
    except PixmirrorError:
        raise
    except OSError as error:
        if error.errno in _DISK:
            raise of_the_disk(what, error) from error
        raise _unforeseen(what, error, before, tell) from error
    except Exception as error:  # the one place where all are caught: see above
        raise _unforeseen(what, error, before, tell) from error


def of_the_disk(what: str, error: OSError) -> StorageError:
    """Make our error of one of the operating system's; `what` could not be done."""
    if error.errno in _OPEN:
        return StorageError(TOO_MANY_FILES)
    kind = DiskFull if error.errno in _FULL else StorageError
    return kind(f"{what}: {error.strerror or type(error).__name__}.")


def no_descriptor(error: BaseException | None) -> StorageError | None:
    """Return our error if nothing could be opened any more, of which a failed connection is only the sign."""
    for _ in range(DEEPEST):
        if isinstance(error, OSError) and error.errno in _OPEN:
            return StorageError(TOO_MANY_FILES)
        error = error and (error.__cause__ or error.__context__)
    return None


def _unforeseen(what: str, error: Exception, before: str | None, tell: bool) -> Unforeseen:
    found = Unforeseen(f"{what}: {type(error).__name__}, which nobody has foreseen ({_place(error)}).")
    if tell and str(found) != before:
        log.error("%s It is put off; all else goes on.", found, exc_info=error)
    return found


def _place(error: Exception) -> str:
    """Return where in this program it happened, the innermost place: `sync/comments.py:105`."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        parts = PurePath(frame.filename).parts
        if "pixmirror" in parts and frame.filename != __file__:
            inside = parts[len(parts) - parts[::-1].index("pixmirror") :]
            return f"{'/'.join(inside)}:{frame.lineno}"
    return "outside of pixmirror"
