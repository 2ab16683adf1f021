"""What a failed answer of the web means, purely: from status, body and path to our errors (pixiv.md 4.6)."""

import re
from collections.abc import Mapping
from typing import Any

from pixmirror.errors import (
    AccountWarned,
    BadResponse,
    EndpointGone,
    Forbidden,
    InvalidRequest,
    LoginNeeded,
    NotFound,
    PixmirrorError,
    RateLimited,
    ServerError,
    TokenRejected,
    UnexpectedPage,
)
from pixmirror.pixiv.challenges import refusal_of_us
from pixmirror.pixiv.failures import (
    LIMITED,
    RESTRICTED,
    WARNING,
    error_text,
    looks_html,
    page_of_an_item,
    shortened,
)
from pixmirror.pixiv.wire import Answer, Request

UNKNOWN = re.compile(r"unknown error|不明なエラー|未知的?错误|發生未知|发生了?未知|알 수 없는 오류", re.IGNORECASE)
LOGIN = re.compile(r"log ?in|sign ?in|ログイン|登录|登入|로그인", re.IGNORECASE)
LOGIN_PAGE = re.compile(rb"accounts\.pixiv\.net/login|/login\.php|signup-form__submit", re.IGNORECASE)
AN_ITEM = re.compile(r"/(?:illust|novel|user|series|series_content|unlisted|item)/[^/]+(?:/|$)")


class CookieRejected(TokenRejected):
    """www.pixiv.net no longer knows the session of the cookie."""

    advice = "Log in to www.pixiv.net in a browser and give pixmirror the PHPSESSID that it has then."


def judge(answer: Answer, request: Request) -> PixmirrorError | None:
    """Return the error that this answer of www.pixiv.net is, or None."""
    where, status = request.where, answer.status
    html = looks_html(answer.content_type, answer.body)
    if status < 300:
        return _page(answer, request) if html and not request.html else None
    if status < 400:
        return session_gone(request, f"{status}, sent to another page")
    if status == 429 and "cf-mitigated" not in answer.headers:
        if WARNING.search(said := error_text(answer.body)):
            return AccountWarned(f"{where}: Pixiv has warned the account (429: {shortened(said)}).")
        return RateLimited(f"{where}: too many requests (429).", answer.retry_after)
    if refusal := refusal_of_us(status, answer.headers, answer.body, where):
        return refusal
    if status >= 500:
        return ServerError(f"{where}: Pixiv failed ({status}).")
    if html:
        return _page(answer, request)
    return _by_text(status, error_text(answer.body), answer, request)


def refused(payload: Any, request_path: str, with_cookie: bool, method: str = "GET") -> PixmirrorError | None:
    """Return the error of a 200 whose envelope says `error`; None if it does not."""
    if not isinstance(payload, Mapping) or payload.get("error") in (False, None):
        return None
    said = payload.get("message")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    where = f"{method} {request_path}"
    if UNKNOWN.search(text) or LOGIN.search(text):
        return _session_gone(where, with_cookie, text)
    if WARNING.search(text):
        return AccountWarned(f"{where}: Pixiv has warned the account ({shortened(text)}).")
    if _is_ours(text, request_path):
        return RateLimited(f"{where}: Pixiv limits us ({shortened(text)}).")
    message = f"{where}: {shortened(text) or 'refused without a word'}"
    return NotFound(message) if AN_ITEM.search(request_path) else InvalidRequest(message)


def session_gone(request: Request, said: str) -> PixmirrorError:
    """Return what a dead session, or none, comes to."""
    return _session_gone(request.where, "Cookie" in request.headers, said)


def _session_gone(where: str, with_cookie: bool, said: str) -> PixmirrorError:
    if with_cookie:
        return CookieRejected(f"{where}: Pixiv does not know the session of this cookie ({shortened(said)}).")
    return LoginNeeded(f"{where}: this needs a login at www.pixiv.net ({shortened(said)}).")


def _page(answer: Answer, request: Request) -> PixmirrorError:
    if refusal := refusal_of_us(answer.status, answer.headers, answer.body, request.where):
        return refusal
    if LOGIN_PAGE.search(answer.body):
        return session_gone(request, "the login page came")
    if request.html:
        return page_of_an_item(answer.status, request.where)
    return UnexpectedPage(f"{request.where}: a web page came instead of data ({answer.status}).")


def _is_ours(text: str, path: str) -> bool:
    """True if a refusal speaks of us. At the address of one user or work, "restricted" is said of that one."""
    return bool(LIMITED.search(text) or (RESTRICTED.search(text) and not AN_ITEM.search(path)))


def _by_text(status: int, text: str, answer: Answer, request: Request) -> PixmirrorError:
    where = request.where
    said = f": {shortened(text)}" if text else ""
    if status in (404, 410):
        gone = not answer.body.strip()
        return (EndpointGone if gone else NotFound)(f"{where}: {status}{said}")
    if status == 401 or (status in (400, 403) and (UNKNOWN.search(text) or LOGIN.search(text))):
        return session_gone(request, text or str(status))
    if WARNING.search(text):
        return AccountWarned(f"{where}: Pixiv has warned the account ({status}{said}).")
    if status == 403:
        if _is_ours(text, request.path):
            return RateLimited(f"{where}: Pixiv limits us ({status}{said}).", answer.retry_after)
        return Forbidden(f"{where}: {status}{said}")
    return InvalidRequest(f"{where}: {status}{said}")


def body_of(payload: Any, where: str) -> Any:
    """Return what the envelope holds, once it is known to be no error."""
    if not isinstance(payload, Mapping) or "error" not in payload or "body" not in payload:
        raise BadResponse(f"{where}: there is no envelope with `error` and `body`.")
    return payload["body"]
