"""How single values are written in the config file: sizes, durations, hours, cron lines, users, paths.

Each reader takes what TOML or the environment gave and raises ValueError with the sentence that the user reads.
"""

import datetime
import os
import pwd
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

_UNITS = {"": 1, "B": 1} | {
    f"{letter}{suffix}": base**power
    for suffix, base in (("B", 1000), ("IB", 1024))
    for power, letter in enumerate("KMGT", start=1)
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_USER_URL = re.compile(
    r"https?://(?:www\.)?pixiv\.net/(?:[a-z]{2}(?:-[a-z]+)?/)?(?:users/|member\.php\?id=|u/)(\d+)(?:[/?#].*)?"
)

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CRON_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 6, _WEEKDAYS),
)
_CRON_ITEM = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


def read_size(value: object) -> int:
    """Read bytes from "10 GiB", "500 MB" or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", value.strip()) if isinstance(value, str) else None
    if found is None or found[2].upper() not in _UNITS:
        raise ValueError(f'{value!r} is not a size; write it like "10 GiB", "500 MB" or "0"')
    return int(float(found[1]) * _UNITS[found[2].upper()])


def read_percent(value: object) -> float:
    """Read a percentage above 0, at most 100."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        number = 0.0
    if not 0 < number <= 100:
        raise ValueError("it must be a number above 0 and at most 100")
    return number


def read_duration(value: object) -> int:
    """Read seconds from "30m", "1h", "7d"."""
    found = re.fullmatch(r"(\d+)\s*([smhdw])", value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{value!r} is not a span of time; write it like "30m", "1h" or "7d"')
    seconds = int(found[1]) * _SECONDS[found[2]]
    if not 60 <= seconds <= 366 * 86400:
        raise ValueError(f"{value!r} is outside of what is sensible: one minute to one year")
    return seconds


def read_delay(value: object) -> int:
    """Read seconds as `read_duration` does; 0 and "0" are no delay."""
    return 0 if value == "0" or (type(value) is int and value == 0) else read_duration(value)


class QuietHours(NamedTuple):
    """Minutes after local midnight; `end` < `start` reaches over midnight."""

    start: int
    end: int


def read_quiet_hours(value: object) -> QuietHours | None:
    if value is None or isinstance(value, QuietHours):
        return value
    clock = r"([01]?\d|2[0-3]):([0-5]\d)"
    found = re.fullmatch(rf"{clock}\s*-\s*{clock}", value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{value!r} is not a span of the day; write it like "02:00-06:00"')
    hours = QuietHours(int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
    if hours.start == hours.end:
        raise ValueError(f"{value!r} begins when it ends; leave the key out for no quiet hours")
    return hours


def read_umask(value: object) -> int:
    """Read octal digits in quotes; others never get access, the owner always has it."""
    if not isinstance(value, str) or not re.fullmatch(r"0{0,2}[0-7]7", value):
        raise ValueError(f'{value!r} is not allowed; write "077" (only you) or "027" (your group may read)')
    return int(value, 8)


def read_user(value: object) -> int:
    """Read a user's id, or the address of a user's page."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = (re.fullmatch(r"(\d+)", text) or _USER_URL.fullmatch(text)) if isinstance(text, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{value!r} is not a user; write an id like 123 or https://www.pixiv.net/users/123")
    return int(found[1])


def read_date(value: object) -> datetime.date | None:
    if value is None or (isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)):
        return value
    try:
        if isinstance(value, str):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f'{value!r} is not a date; write it like "2026-11-01"')


def read_cron(value: object) -> str | None:
    """Read five fields as in crontab(5), weekdays by name. Return them in lower case with single spaces."""
    if value is None:
        return None
    fields = value.lower().split() if isinstance(value, str) else []
    if len(fields) != len(_CRON_FIELDS):
        raise ValueError(
            f'{value!r} is not a cron line; write minute, hour, day, month and weekday, like "30 12 * * mon-fri"'
        )
    for text, (name, low, high, names) in zip(fields, _CRON_FIELDS, strict=True):
        for item in text.split(","):
            _check_cron_item(item, name, low, high, names)
    return " ".join(fields)


def _check_cron_item(item: str, name: str, low: int, high: int, names: tuple[str, ...]) -> None:
    found = _CRON_ITEM.fullmatch(item)
    if found is None:
        raise ValueError(f"{item!r} is not a cron {name}")
    first, last, step = found["first"], found["last"], found["step"]
    if first is None:
        _check_cron_step(item, name, step, high - low)
        return
    if name == "weekday" and (first.isdigit() or (last or "").isdigit()):
        raise ValueError(
            f"weekdays must be written by name (mon-fri, not {item}): cron counts them from Sunday, "
            "others from Monday"
        )
    named = first in names
    if named and step is not None:
        raise ValueError(f"{item!r} is not a cron {name}: names take no step")
    begin, end = (_cron_number(part, item, name, low, high, names) for part in (first, last or first))
    if end < begin or (last is not None and named != (last in names)):
        raise ValueError(f"{item!r} is not a cron {name}: it runs backwards; write it as two, with a comma")
    _check_cron_step(item, name, step, (end if last else high) - begin)


def _cron_number(text: str, item: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return low + names.index(text)
    if not text.isdecimal() or not low <= int(text) <= high:
        allowed = f"{low} to {high}" if not names else ", ".join(names)
        raise ValueError(f"{item!r} is not a cron {name}; allowed are {allowed}")
    return int(text)


def _check_cron_step(item: str, name: str, step: str | None, width: int) -> None:
    if step is not None and not 0 < int(step) <= width:
        raise ValueError(f"{item!r} is not a cron {name}: its step must lie between 1 and {width}")


def check_web_address(value: str) -> str:
    """Return http(s)://host... without a trailing slash."""
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or any(c.isspace() for c in value):
        raise ValueError("it is not a web address; write it like http://host:port or https://host/path")
    return value.rstrip("/")


def context(folder: Path, env: Mapping[str, str]) -> dict[str, object]:
    """Return what the readers of paths and secrets need; pass it as pydantic's validation context."""
    state = env.get("STATE_DIRECTORY", "").split(":")[0]
    return {"folder": folder, "home": home_folder(env), "state": state}


def home_folder(env: Mapping[str, str]) -> Path | None:
    """Return the user's home; None where it is not known, as in a container whose user is but a number."""
    try:
        home = Path(env.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return None
    return home if home.is_absolute() else None


def _expanded(text: str, home: Path | None) -> str:
    """Return the text with `~` replaced; ValueError where that cannot be done."""
    if text.startswith("$"):
        raise ValueError(f"{text!r}: variables are not replaced in paths; write it out, or begin with ~")
    first, slash, rest = text.partition("/")
    if not first.startswith("~"):
        return text
    if first != "~":
        raise ValueError(f"{first} stands for another user's home, which is not looked up; write an absolute path")
    if home is None:
        raise ValueError(
            "~ stands for your home, which is not known here (HOME is not set, and this user has none in the "
            "system's list): set HOME, or write an absolute path"
        )
    return f"{home}{slash}{rest}"


def read_path(value: object, info: ValidationInfo) -> Path | None:
    """Return an absolute path: `~` is the user's home, anything relative begins at the config file's folder."""
    if value is None:
        return None
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError(f"{value!r} is not a path")
    known: Mapping[str, Any] = info.context or context(Path.cwd(), os.environ)
    text = _expanded(str(value), known["home"])
    return Path(os.path.normpath(Path(known["folder"]).absolute() / text))


def written_size(value: int) -> str:
    """Write bytes as they are written in the config file: exactly, in the largest unit that allows it."""
    for letter in reversed("KMGT"):
        for unit in (f"{letter}iB", f"{letter}B"):
            if value and not value % _UNITS[unit.upper()]:
                return f"{value // _UNITS[unit.upper()]} {unit}"
    return str(value)


def written_duration(value: int) -> str:
    """Write seconds as they are written in the config file: 30m, 1h, 7d."""
    unit = next(unit for unit in reversed(_SECONDS) if not value % _SECONDS[unit])
    return f"{value // _SECONDS[unit]}{unit}"


def written_delay(value: int) -> str:
    """Write seconds as they are written in the config file: 30m, 0."""
    return written_duration(value) if value else "0"


def written_quiet_hours(value: QuietHours) -> str:
    """Write a span of the day as it is written in the config file: 02:00-06:00."""
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in value)


def written_umask(value: int) -> str:
    """Write a umask as it is written in the config file: 077."""
    return f"{value:03o}"


WRITERS: Mapping[Any, Callable[[Any], str]] = MappingProxyType(
    {
        read_size: written_size,
        read_duration: written_duration,
        read_delay: written_delay,
        read_quiet_hours: written_quiet_hours,
        read_umask: written_umask,
    }
)

Size = Annotated[int, BeforeValidator(read_size)]
Percent = Annotated[float, BeforeValidator(read_percent)]
Duration = Annotated[int, BeforeValidator(read_duration)]
Delay = Annotated[int, BeforeValidator(read_delay)]
Umask = Annotated[int, BeforeValidator(read_umask)]
UserId = Annotated[int, BeforeValidator(read_user)]
Date = Annotated[datetime.date | None, BeforeValidator(read_date)]
Cron = Annotated[str | None, BeforeValidator(read_cron)]
Quiet = Annotated[QuietHours | None, BeforeValidator(read_quiet_hours)]


def _check_secret_address(value: SecretStr) -> SecretStr:
    check_web_address(value.get_secret_value())
    return value


SecretAddress = Annotated[SecretStr, AfterValidator(_check_secret_address)]
WebAddress = Annotated[str, AfterValidator(check_web_address)]
FilePath = Annotated[Path, BeforeValidator(read_path)]
