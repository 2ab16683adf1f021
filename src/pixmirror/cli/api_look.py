"""What came of reading one saved answer, and which error of ours a saved error body is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pixmirror.cli.common import sentence
from pixmirror.errors import (
    BadResponse,
    Challenge,
    EndpointGone,
    Forbidden,
    InvalidRequest,
    NotFound,
    PixmirrorError,
    RateLimited,
    ServerError,
    TokenRejected,
    UnexpectedPage,
)
from pixmirror.logs import HIDDEN
from pixmirror.models import Broken, Model
from pixmirror.pixiv.failures import Expired, classify, error_text
from pixmirror.pixiv.legacy import objects
from pixmirror.pixiv.lossless import lost
from pixmirror.pixiv.tokens import rejection
from pixmirror.pixiv.web.errors import refused
from pixmirror.pixiv.wire import Answer, Request

_STATUS = re.compile(r"(?:ERROR-|http)(\d{3})(?!\d)", re.IGNORECASE)
_ABSENT = re.compile(
    r"not found|deleted|does(?: not|n't) exist|has left|no longer|could not be found|見つかり|存在し|削除|"
    r"不存在|已删除|已刪除|無法找到|找不到|삭제|존재하지",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"permission|forbidden|not allowed|access denied|権限|閲覧できません|无权|沒有權限", re.IGNORECASE
)
_NOT_OF_THE_TOKEN = (RateLimited, Challenge, UnexpectedPage, ServerError, EndpointGone, BadResponse)


@dataclass(slots=True)
class Look:
    """What came of one file. `parsed`: the models as JSON; `answer`: what was read; `unreadable`: nothing was."""

    file: str = ""
    items: int = 0
    bad: list[Broken] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    error: str = ""
    says: str = ""
    parsed: Any = None
    answer: Any = None
    lost: list[str] = field(default_factory=list)
    unreadable: bool = False

    @property
    def ok(self) -> bool:
        return not (self.unreadable or self.lost or self.bad)

    def as_dict(self, dump: bool) -> dict[str, Any]:
        """`error` is the name of our error, `says` its sentence."""
        row: dict[str, Any] = {
            "file": self.file,
            "ok": self.ok,
            "items": self.items,
            "bad_items": len(self.bad),
            "unknown_fields": self.unknown,
            "lost": self.lost,
            "problems": [f"{broken.path}: {broken.reason}" for broken in self.bad],
            "error": self.error or None,
            "says": self.says or None,
        }
        return row | ({"parsed": masked(self.parsed), "again": masked(self.answer)} if dump else {})


def wrong(error: str, says: str) -> Look:
    return Look(error=error, says=says, unreadable=True)


def failed(failure: PixmirrorError, before: str = "") -> Look:
    return wrong(type(failure).__name__, f"{before}{sentence(failure)}")


SECRET = re.compile(
    r"(?:access|refresh|device|csrf)?_?token|client_secret|password|phpsessid|cookie|csrf|tt|post_?key|mail_address",
    re.IGNORECASE,
)
MASKED = ("", "REDACTED")  # which somebody has done before


def masked(value: Any) -> Any:
    """Hide tokens, passwords and cookies in JSON that is handed to others."""
    if isinstance(value, dict):
        return {
            name: HIDDEN
            if SECRET.fullmatch(str(name)) and isinstance(child, str) and child not in MASKED
            else masked(child)
            for name, child in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(child) for child in value]
    return value


def dumped(item: Any) -> Any:
    """Return a model as JSON, with what it does not read."""
    return item.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


def unknown_in(item: Model, at: str = "") -> list[str]:
    """Return the paths of what a model does not read, those of all rows of a list as one."""
    return [re.sub(r"\[\d+\]", "[]", f"{at}.{path}".lstrip(".")) for path in item.extra]


def one(item: Model, raw: Any, key: str = "") -> Look:
    """Return what came of one object that stands under `key`."""
    shown = dumped(item)
    return Look(
        items=1,
        unknown=unknown_in(item, key),
        parsed={key: shown} if key else shown,
        lost=list(lost(item, raw, key)),
    )


def status_in(name: str) -> int | None:
    """Return the status that a file's name tells: ERROR-404-..., ...-http400.json."""
    found = _STATUS.search(name)
    return int(found[1]) if found else None


def error_in(api: str, payload: Any, status: int | None, path: str) -> PixmirrorError | None:
    """Return the error that a body stands for, None if it stands for none. Without a status its text decides."""
    if not isinstance(payload, Mapping):
        return None
    path = path or "an answer"
    if api == "papi":
        return objects.failure(payload, path)
    if isinstance(payload.get("error"), bool):
        return _web(payload, status, path)
    has = isinstance(payload.get("error"), Mapping | str) or payload.get("has_error") is True
    if not has:
        return None
    body = json.dumps(payload, ensure_ascii=False).encode()
    text = error_text(body)
    answer = Answer(status if status and status >= 300 else guessed(text), "application/json", body)
    failure = classify(answer, Request("GET", "", path))
    if api == "oauth" and not isinstance(failure, _NOT_OF_THE_TOKEN):
        return rejection(text, "refresh_token")
    if isinstance(failure, Expired):
        return TokenRejected(f"{path}: Pixiv no longer takes the access token; it is renewed by itself.")
    return failure


def _web(payload: Mapping[str, Any], status: int | None, path: str) -> PixmirrorError | None:
    """Return the error of an envelope that says so, or whose body does, as those of accounts.pixiv.net."""
    body = payload.get("body")
    if not payload["error"]:
        if isinstance(body, Mapping) and (body.get("validation_errors") or body.get("is_succeed") is False):
            fields = body.get("validation_errors")
            what = ", ".join(map(str, fields)) if isinstance(fields, Mapping) else "what was sent"
            return InvalidRequest(f"{path}: Pixiv refused {what}.")
        return None
    message = payload.get("message")
    text = message if isinstance(message, str) else ""
    status = status or guessed(text)
    failure = refused(payload, f"/{path}", True)
    if status == 429:
        return RateLimited(f"{path}: too many requests (429).")
    if status >= 500:
        return ServerError(f"{path}: Pixiv failed ({status}).")
    if type(failure) is InvalidRequest and status in (403, 404):
        return (NotFound if status == 404 else Forbidden)(str(failure))
    return failure


def guessed(text: str) -> int:
    """Return the status that a text comes with as a rule."""
    if _ABSENT.search(text):
        return 404
    return 403 if _CLOSED.search(text) else 400
