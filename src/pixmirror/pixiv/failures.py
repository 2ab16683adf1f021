"""What a failed answer of Pixiv means: pure classification, from status and body to our errors."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pixmirror.errors import (
    AccountWarned,
    EndpointGone,
    Forbidden,
    InvalidRequest,
    NotFound,
    OffsetCap,
    PixivError,
    ProxyFailed,
    RateLimited,
    ServerError,
    UnexpectedPage,
)
from pixmirror.logs import redact
from pixmirror.pixiv.challenges import refusal_of_us
from pixmirror.pixiv.wire import Answer, Request

LIMITED = re.compile(r"rate.?limit|too many requests|excessive", re.IGNORECASE)
# The words of Pixiv's warning letters, which the account is closed after (pixiv.md 5.4).
WARNING = re.compile(
    r"overus|excessive (?:loads?|burden|access)|policies\.pixiv\.net|過度(?:な|の)?(?:アクセス|負荷)"
    r"|過剰(?:な|の)?(?:アクセス|負荷)|过度访问|過度訪問|过度(?:的)?负荷",
    re.IGNORECASE,
)
RESTRICTED = re.compile(r"access is currently restricted", re.IGNORECASE)
# What a request asks about; whatever is refused there is refused of that.
SUBJECTS = frozenset(
    {"user_id", "illust_id", "novel_id", "series_id", "illust_series_id", "comment_id", "seed_user_id", "id"}
)
NO_ENDPOINT = re.compile(r"end-?point|エンドポイント", re.IGNORECASE)
OAUTH = "OAuth process"
TEXT_LENGTH = 200
OFFSET_CAP = 5000


class Expired(PixivError):
    """The access token is no longer taken. Caught in the transport, which renews it or raises AccessRefused."""


def classify(answer: Answer, request: Request) -> PixivError | None:
    """Return the error that this answer is, or None if it is what was asked for.

    Where a page was asked for, whether the one that came is it is seen when it is read (`misread`). Pixiv does not
    use statuses as others do: an expired token is 400, a rate limit 403 or 429, so the text decides first
    (pixiv.md 2, 3.1, 5.1), and whether the request was about one thing.
    """
    where, status, body = request.where, answer.status, answer.body
    is_html = looks_html(answer.content_type, body)
    if status < 300:
        return None if request.html or not is_html else misread(answer, where)
    if status < 400:
        return UnexpectedPage(f"{where}: Pixiv sent us elsewhere ({status}).")  # its API never does
    if status == 429 and "cf-mitigated" not in answer.headers:
        if WARNING.search(said := error_text(body)):
            return AccountWarned(f"{where}: Pixiv has warned the account (429: {shortened(said)}).")
        return RateLimited(f"{where}: too many requests (429).", answer.retry_after)
    if status == 407:
        return ProxyFailed(f"{where}: the proxy wants a name and a password (407).")
    if refusal := refusal_of_us(status, answer.headers, body, where):
        return refusal
    if status >= 500:
        return ServerError(f"{where}: Pixiv failed ({status}).")
    if is_html:
        return page_of_an_item(status, where) if request.html else UnexpectedPage(_page_came(where, status))
    subject = any(request.params.get(name) is not None for name in SUBJECTS)
    failure = _by_text(status, error_text(body), body, where, answer.retry_after, subject=subject)
    return capped(failure, request.params)


def misread(answer: Answer, where: str) -> PixivError | None:
    """Return what an answer that does not hold what was asked for is, if it is a web page; None if it is none."""
    if refusal := refusal_of_us(answer.status, answer.headers, answer.body, where):
        return refusal
    is_page = looks_html(answer.content_type, answer.body)
    return UnexpectedPage(_page_came(where, answer.status)) if is_page else None


def page_of_an_item(status: int, where: str) -> PixivError:
    """Return the error that a page is which came with a refusal where a page was due: of what was asked for."""
    if status in (404, 410):
        return NotFound(f"{where}: a page that says it is not there ({status}).")
    if status == 403:
        return Forbidden(f"{where}: a page that refuses it (403).")
    return UnexpectedPage(_page_came(where, status))


def _page_came(where: str, status: int) -> str:
    return f"{where}: a web page came instead of data ({status})."


def capped(failure: PixivError, params: Mapping[str, Any]) -> PixivError:
    """Tell an offset beyond its cap, which some lists call just an invalid request (pixivpy#336)."""
    offset = str(params.get("offset", ""))
    if type(failure) is InvalidRequest and offset.isdecimal() and (len(offset) > 15 or int(offset) > OFFSET_CAP):
        return OffsetCap(str(failure))
    return failure


def classify_payload(payload: Any, method: str, path: str) -> PixivError | None:
    """Return the error of a 200 that holds an error envelope alone, as Pixiv's older parts send."""
    if isinstance(payload, Mapping) and isinstance(payload.get("error"), Mapping) and len(payload) == 1:
        return _by_text(400, _messages(payload), b"{}", f"{method} {path}", None)
    return None


def _by_text(
    status: int, text: str, body: bytes, where: str, retry_after: float | None, *, subject: bool = False
) -> PixivError:
    if status == 401 or (status == 400 and OAUTH in text):
        return Expired(f"{where}: the access token is not accepted.")
    said = f": {shortened(text)}" if text else ""
    if WARNING.search(text) and status not in (404, 410):
        return AccountWarned(f"{where}: Pixiv has warned the account ({status}{said}).")
    # Of a request about one user or work, "restricted" is said of that one; elsewhere of us.
    ours = LIMITED.search(text) or (RESTRICTED.search(text) and not subject)
    if ours and status not in (404, 410):
        return RateLimited(f"{where}: Pixiv limits us ({status}{said}).", retry_after)
    message = f"{where}: {status}{said}"
    if status in (404, 410):
        if not body.strip() or NO_ENDPOINT.search(text):
            return EndpointGone(f"{where}: Pixiv has no such endpoint ({status}{said}).")
        return NotFound(message)
    if status == 403:
        return Forbidden(message)
    if '"offset"' in text or "offset must be no more" in text.lower():
        return OffsetCap(message)
    return InvalidRequest(message)


def looks_html(content_type: str, body: bytes) -> bool:
    """True if a body is a web page. What begins as JSON does is none, whatever its content type says."""
    if body[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return False
    if "html" in content_type.lower():
        return True
    return "json" not in content_type.lower() and body[:256].lstrip()[:1] == b"<"


def parse_quietly(body: bytes) -> Any:
    """Return the JSON of an error body, or None: an error is an error however badly it is written."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _messages(payload: Any) -> str:
    """Return everything that an error envelope says, in one line: app-api's `error{}`, OAuth's `errors.system`."""
    if not isinstance(payload, Mapping):
        return ""
    found: list[str] = []
    error = payload.get("error")
    if isinstance(error, Mapping):
        found += [v for k in ("user_message", "message", "reason") if isinstance(v := error.get(k), str) and v]
    elif isinstance(error, str):
        found.append(error)
    errors = payload.get("errors")
    system = errors.get("system") if isinstance(errors, Mapping) else None
    if isinstance(system, Mapping) and isinstance(system.get("message"), str):
        found.append(system["message"])
    if isinstance(payload.get("message"), str):
        found.append(payload["message"])
    return " / ".join(dict.fromkeys(" ".join(part.split()) for part in found if part.strip()))


def shortened(text: str) -> str:
    """Return the beginning of what was said. Secrets are hidden before it is cut, or half of one would stay."""
    text = redact(text)
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 1] + "…"


def error_text(body: bytes) -> str:
    """Return what an error body says; empty if it says nothing."""
    return _messages(parse_quietly(body))
