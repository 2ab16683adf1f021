"""Keeps search.db behind the catalogue by no more than a commit and a moment, in a thread of its own.

It is woken after each commit of the catalogue's writer and rests a moment before it looks again, so that a burst
of pages is indexed together. What goes wrong with it is logged and tried again: nothing else waits for it.
"""

import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from pixmirror.catalogue.search import guessing
from pixmirror.catalogue.search.index import Index
from pixmirror.contained import contained
from pixmirror.errors import PixmirrorError

log = logging.getLogger(__name__)

REST_S = 0.5  # between two looks
TIDY_S = 60.0  # between two comparisons of counters, while anything is committed
LOG_S = 6 * 3600.0  # between two cuts of the file's log, as of the catalogue's
AGAIN_S = 60.0  # after a failure
PATIENCE_S = 2.0  # for what is left when the mirror is closed; the next process makes the rest
LOWER = 5  # by so much is its priority lower than that of the others


class Searching:
    """The thread that writes search.db. It starts with the first commit."""

    def __init__(self, root: Path) -> None:
        guesser = guessing.guesser()
        self._index = Index(root, guessing.guess if guesser else None, guesser)
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="search-index", daemon=True)
        self._starting = threading.Lock()
        self._is_started = False
        self._failure: str | None = None
        self._tidied = 0.0
        self._cut = time.monotonic()
        self.looks = threading.Condition()
        self.looked = 0  # how often it has found nothing more to do

    def wake(self) -> None:
        """Have it look: something was committed. Called by the catalogue's writer."""
        self._woken.set()
        with self._starting:
            is_first = not (self._is_started or self._closing.is_set())
            self._is_started |= is_first
        if is_first:
            self._thread.start()

    def close(self) -> None:
        """Index what is left, if that does not take long, and close the file."""
        with self._starting:
            self._closing.set()
        self._woken.set()
        if self._is_started:
            self._thread.join()

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # where a thread has no priority of its own
            me = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, me, os.getpriority(os.PRIO_PROCESS, me) + LOWER)
        try:
            while not self._closing.is_set():
                self._woken.wait()
                self._woken.clear()
                rest = self._look()
                self._closing.wait(rest)
            until = time.monotonic() + PATIENCE_S
            self._look(until)
        finally:
            self._index.close()

    def _look(self, until: float | None = None) -> float:
        """Do all that there is to do, or until it is time to stop. Return how long to rest."""
        try:
            with contained("The search index", self._failure):
                while self._index.step():
                    if until is None and self._closing.is_set():
                        return 0
                    if until is not None and time.monotonic() > until:
                        return 0
                if until is None and time.monotonic() - self._tidied > TIDY_S:
                    self._tidied = time.monotonic()
                    self._index.tidy()
                if until is None and time.monotonic() - self._cut > LOG_S:
                    self._cut = time.monotonic()
                    self._index.cut_log()
        except PixmirrorError as error:
            if str(error) != self._failure:
                log.warning("%s Searches go on without it; it is tried again.", error)
            self._failure = str(error)
            self._woken.set()
            return AGAIN_S
        self._failure = None
        with self.looks:
            self.looked += 1
            self.looks.notify_all()
        return REST_S
