"""What is logged and how: lines for a terminal or journald, or JSON, and nothing secret in any of them."""

import json as json_module
import logging
import os
import re
import sys
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Literal, TextIO
from urllib.parse import quote

from pixmirror import terminal

HIDDEN = "[hidden]"

_VALUE = r"""[^\s"'&;,<>\\(){}\[\]]+"""
_SECRETS = (
    (re.compile(r"\b(Bearer\s+)[^\s\"'\\,]+", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (
        re.compile(
            r"\b((?:refresh_token|access_token|device_token|PHPSESSID|cf_clearance|code_verifier|client_secret|password)"
            rf"""\\*["']?\s*[=:]\s*\\*["']?)(?!{re.escape(HIDDEN)}){_VALUE}""",
            re.IGNORECASE,
        ),
        rf"\g<1>{HIDDEN}",
    ),
    # "code" alone is also an exit code or an error code: a value needs an equals sign, or quotes and some length
    (re.compile(rf"""\b(code=["']?)(?!{re.escape(HIDDEN)}){_VALUE}"""), rf"\g<1>{HIDDEN}"),
    (re.compile(r"""\b(code\\*["']\s*:\s*\\*["'])[A-Za-z0-9_.~-]{8,}"""), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(://)[^\s/@:]+(?::[^\s/@]*)?@"), rf"\g<1>{HIDDEN}@"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), HIDDEN),
)
_known: set[str] = set()
_passing: deque[str] = deque(maxlen=32)


def hide(secret: str, *, passing: bool = False) -> None:
    """Keep this exact value out of every line from now on; under eight characters it is too short to replace.
    `passing`: one of many in turn, of which the last few are remembered.
    """
    if len(secret) < 8 or secret in _known or secret in _passing:
        return
    if passing:
        _passing.append(secret)
    else:
        _known.add(secret)


@lru_cache(maxsize=256)
def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, quoted for a URL, and in base64 wherever it begins in what was coded."""
    raw = secret.encode()
    coded = [b64encode(bytes(n) + raw).decode()[-(-n * 8 // 6) : (n + len(raw)) * 8 // 6] for n in range(3)]
    return secret, quote(secret, safe=""), *coded, *(one.translate(_URL_SAFE) for one in coded)


_URL_SAFE = str.maketrans("+/", "-_")


def redact(text: str) -> str:
    """Return the text without tokens, cookies, login codes, passwords and mail addresses."""
    for secret in sorted({*_known, *_passing}, key=len, reverse=True):  # one may be a part of another
        for form in _forms(secret):
            text = text.replace(form, HIDDEN)
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


_WORDS = re.compile(r"[\w:-]*\w")
Named = Literal["job", "user", "work"]
_ABOUT: ContextVar[Mapping[Named, str]] = ContextVar("about", default={})  # noqa: B039 it is never changed


@contextmanager
def about(*, job: str | None = None, user: int | str | None = None, work: str | None = None) -> Iterator[None]:
    """Let every line that is logged in this block name these; what is None is as outside of the block."""
    given: dict[Named, object] = {"job": job, "user": user, "work": work}
    before = _ABOUT.set({**_ABOUT.get(), **{name: str(value) for name, value in given.items() if value}})
    try:
        yield
    finally:
        _ABOUT.reset(before)


class Redact(logging.Filter):
    """Notes what a record is about; takes secrets and control characters out of it: message with its arguments,
    exception and stack.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.about = {name: _fit(value) for name, value in _ABOUT.get().items()}
        record.msg = _fit(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _fit(record.exc_text)
        if record.stack_info:
            record.stack_info = _fit(record.stack_info)
        return True


def _fit(text: str) -> str:
    return terminal.shown(redact(text))


class TextFormatter(logging.Formatter):
    """One line for a person: time, level, message; under journald, which knows the time, a priority instead."""

    def __init__(self, *, journald: bool = False) -> None:
        super().__init__(
            "%(message)s" if journald else "%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S"
        )
        self._journald = journald

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).rstrip("\n")
        first, newline, more = text.partition("\n")
        text = f"{first}{_unsaid(record)}{newline}{more}".replace("\n", "\n  ")  # none looks like an entry
        if not self._journald:
            return text
        prefix = f"<{_priority(record.levelno)}>"
        return "\n".join(prefix + line for line in text.split("\n"))


def _unsaid(record: logging.LogRecord) -> str:
    """Return what a record is about, as far as its message does not name it: " [job=daily user=11]"."""
    found: Mapping[str, str] = getattr(record, "about", {})
    said = set(_WORDS.findall(record.getMessage()))
    unsaid = [f"{name}={value}" for name, value in found.items() if value not in said]
    return f" [{' '.join(unsaid)}]" if unsaid else ""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (ISO 8601, UTC), level, logger, message; job, user, work and exception where
    there are any.
    """

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{stamp}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "about", {}),
        }
        if record.exc_info or record.exc_text:
            line["exception"] = record.exc_text or self.formatException(record.exc_info or (None, None, None))
        return terminal.in_json(json_module.dumps(line, ensure_ascii=False))


def setup(
    level: str = "INFO",
    *,
    json: bool = False,
    stream: TextIO | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Log to `stream` (default: standard error), in place of what was set up before."""
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    journald = _is_journal(target, os.environ if env is None else env)
    handler.setFormatter(JsonFormatter() if json else TextFormatter(journald=journald))
    handler.addFilter(Redact())
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(getattr(old, "formatter", None), TextFormatter | JsonFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    # Below INFO only our own lines: what libraries tell there has addresses in it, as those of notices.
    logging.getLogger("pixmirror").setLevel(level.upper())
    root.setLevel(max(logging.INFO, logging.getLogger("pixmirror").level))
    for chatty in ("httpx", "httpcore", "apscheduler", "alembic", "PIL"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _priority(level: int) -> int:
    """Return syslog's priority: 3 error, 4 warning, 6 information, 7 debug."""
    least = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}
    return next((priority for known, priority in least.items() if level >= known), 7)


def _is_journal(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Return whether this stream is the journal: systemd names its socket by device and inode."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return env.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
