"""Make text fit for a terminal or a log: other people's words must not move its cursor or stop the program."""

import codecs
import os
import re
import sys

# C0 but tab and newline, DEL, C1, line and paragraph separator, what turns the direction of writing around and
# does not end with the word, marks of annotations, and half surrogates.
_CONTROL = "\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff"
_CONTROLS = re.compile(f"[{_CONTROL}]")
_IN_JSON = re.compile(f"[{_CONTROL}\t\n]")
SHOWN = "\ufffd"
ERRORS = "pixmirror.escape"


def shown(text: str) -> str:
    """Return the text with a sign in place of each control character; it may have several lines."""
    return _CONTROLS.sub(SHOWN, text)


def one_line(text: object) -> str:
    """Return the same on one line, for a title or a name within a sentence of ours."""
    return " ".join(_CONTROLS.sub(SHOWN, str(text)).split())


def in_json(text: str) -> str:
    """Escape the control characters in a line of JSON; it says the same as before."""
    return _IN_JSON.sub(lambda found: _escaped(found[0]), text)


def _escaped(text: str) -> str:
    """Escape as JSON does, in halves of surrogates where it takes two."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))


def _on_error(error: UnicodeError) -> tuple[str, int]:
    """Escape what cannot be encoded, which keeps JSON true. A codec's error handler."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _escaped(error.object[error.start : error.end]), error.end


def size(n: float) -> str:
    """Format bytes as people read them: 4.2 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(n) < 1024:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1024
    return f"{n:.2f} TiB"


def typed(text: str) -> str:
    """Return an argument of the command line as it was typed: in UTF-8, also where the locale
    knows ASCII alone.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text).decode("utf-8", "replace")
    return text


def prepare() -> None:
    """Make our streams take any text, and open those that are closed: the next file would take their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    codecs.register_error(ERRORS, _on_error)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ERRORS)
