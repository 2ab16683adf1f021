"""What all models stand on: Model with its `extra`, the liberties of the wire, time and keys. No I/O."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum, nonmember
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from pixmirror.clock import JST as JST

Medium = Literal["illust", "novel"]
Restrict = Literal["public", "private"]
PLACEHOLDER = "/common/images/limit_"
# Whole in every JSON reader, and twice of it fits into the catalogue; beyond it an item cannot be read.
_LARGEST = 2**53
Id = Annotated[int, Field(gt=0, lt=_LARGEST)]
Whole = Annotated[int, Field(gt=-_LARGEST, lt=_LARGEST)]
# What is beyond one of these is cut there, and the whole item kept raw as one that was read only in part.
LONGEST_TEXT = 1 << 20  # characters; the longest novel has 300,000
MOST_TAGS = 200  # of one work; Pixiv allows about ten
# SQLite's text ends at U+0000, and half a surrogate pair is no text (which pydantic finds once it must look).
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")]
# Pixiv opened in 2007; what lies far outside is no moment of it, and beyond what a datetime can be moved to.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]


class State(StrEnum):
    """What is known of a work, user, comment, bookmark or follow upstream (architecture: absent is not deleted).

    A user who has LEFT was suspended or is gone. What is OVER is asked for no more; what is HIDDEN may come back.
    """

    LIVE = "live"
    LIMITED = "limited"
    MYPIXIV = "mypixiv"
    PRIVATE = "private"
    GONE = "gone"
    DELETED = "deleted"
    USER_GONE = "user_gone"
    USER_SUSPENDED = "user_suspended"
    UNKNOWN = "unknown"

    LEFT = nonmember((USER_GONE, USER_SUSPENDED))
    OVER = nonmember((GONE, DELETED, USER_GONE, USER_SUSPENDED))
    HIDDEN = nonmember((LIMITED, MYPIXIV, PRIVATE))


def to_ms(moment: datetime) -> int:
    """Return ms since 1970 UTC, the catalogue's unit."""
    return int(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """Return the moment in UTC, or the nearest to it that a datetime can hold in every time zone."""
    return datetime.fromtimestamp(min(max(ms, _FIRST_MS), _LAST_MS) / 1000, UTC)


def shown_moment(ms: int | None) -> datetime | None:
    """Return the moment in UTC, or None where it lies so far outside of Pixiv's time that it is an error."""
    return None if ms is None or not to_ms(EARLIEST) <= ms < to_ms(LATEST) else from_ms(ms)


_FIRST_MS = to_ms(datetime(1, 1, 3, tzinfo=UTC))
_LAST_MS = to_ms(datetime(9999, 12, 29, tzinfo=UTC))


def work_key(medium: Medium, work_id: int) -> int:
    """Return one integer for two id spaces that collide: id*2, plus 1 for a novel (architecture: schema)."""
    return work_id * 2 + (medium == "novel")


def split_key(key: int) -> tuple[Medium, int]:
    return ("novel" if key & 1 else "illust"), key >> 1


# PHP writes an empty map as []; Pixiv also writes an absent object as {}.
OrNone = BeforeValidator(lambda value: None if value in ([], {}, "") else value)
OrMap = BeforeValidator(lambda value: {} if value in ([], None) else value)
OrEmpty = BeforeValidator(lambda value: () if value is None else value)


class Model(BaseModel):
    """A frozen part of an answer; fields that the class does not name are kept in `extra`."""

    model_config = ConfigDict(
        frozen=True, defer_build=True, extra="allow", coerce_numbers_to_str=True, protected_namespaces=()
    )

    @property
    def extra(self) -> dict[str, Any]:
        """Return what this model and those inside it do not read, by JSON path."""
        return dict(_extras(self, ""))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in ("item", "raw", "odd"):
                raise AttributeError(
                    f"{type(self).__name__} has no {name}: the client's functions give the item itself. The whole "
                    "answer, with item, raw and odd, is what received gives: pixiv.users.detail.received(11)."
                )
            return super().__getattr__(name)

    # Members without which the object is not what it claims to be: it is not read without them.
    vital: ClassVar[frozenset[str]] = frozenset({"id"})

    @classmethod
    def stand_in(cls, name: str, raw: Mapping[str, Any]) -> Any:
        """Return what is read instead of the member `name` of `raw`, which makes no sense; None: nothing."""
        return None


def _extras(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Model):
        for name, left in (value.__pydantic_extra__ or {}).items():
            yield f"{path}.{name}".lstrip("."), left
        for name in type(value).model_fields:
            yield from _extras(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _extras(item, f"{path}[{i}]")


_URL_TIME = re.compile(r"/img/(\d{4})/(\d{2})/(\d{2})/(\d{2})/(\d{2})/(\d{2})/")


_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/[^\x00-\x20\x7f\ud800-\udfff]{1,2000}")


def is_address(url: str) -> bool:
    """Tell whether this can be the address of a file: one of the web, of a sane length, with a host and a path."""
    return _ADDRESS.fullmatch(url) is not None


def url_version(url: str) -> str:
    """Return the upload time in an image URL's path, yyyymmddhhmmss JST, or "" if there is none (pixiv.md 6.1)."""
    found = _URL_TIME.search(url)
    return "".join(found.groups()) if found else ""


def url_ms(url: str) -> int | None:
    """Return the upload time in an image URL's path, in ms UTC."""
    found = _URL_TIME.search(url)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return to_ms(datetime(year, month, day, hour, minute, second, tzinfo=JST))
    except ValueError:
        return None
