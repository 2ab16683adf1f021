"""Tell pages that doubt or refuse whoever asks from all other pages. Markup, headers and status decide, never
prose: an artist may call a work "Just a moment", and a gateway may write "captcha" into any page.
"""

import json
import re
from collections.abc import Mapping

from pixmirror.errors import Blocked, Challenge, PixivError, RateLimited

TOO_FAST = 1015  # Cloudflare's error for too many requests; its others refuse an address or a program
LOOKED_AT = 65_536  # bytes: scripts and widgets of a challenge stand at its beginning
ITEM_STATUSES = (404, 410)  # neither a challenge nor a refusal of us comes with these

_TAG = re.compile(rb"<[a-z][^<>]{0,4096}>", re.IGNORECASE)
_SCRIPT = re.compile(rb"<script\b[^<>]{0,4096}>", re.IGNORECASE)
_SCRIPT_END = re.compile(rb"</script", re.IGNORECASE)
# `challenge-platform/scripts/` is on ordinary pages of Cloudflare's customers too.
_OWN_TAG = re.compile(
    rb"""\b(?:src|action)=["']?[^"'\s>]*(?:/cdn-cgi/challenge-platform/(?!scripts/)|//challenges\.cloudflare\.com/"""
    rb"""|__cf_chl_)"""
    rb"""|\bid=["']?(?:challenge-(?:form|running|stage|error-text)|cf-challenge[\w-]*)["'\s>]"""
    rb"""|\bclass=["']?(?:[^"'>]*\s)?(?:cf-im-under-attack|cf-turnstile|g-recaptcha|h-captcha)["'\s>]""",
    re.IGNORECASE,
)
_OWN_SCRIPT = re.compile(rb"\b_cf_chl_(?:opt|ctx|enter)\b|/cdn-cgi/challenge-platform/(?!scripts/)", re.IGNORECASE)
_DENIED = re.compile(rb"""\b(?:id|class)=["'](?:[^"'>]*\s)?cf-error-(?:details|code|type)[\w-]*""", re.IGNORECASE)
_CODE = re.compile(
    rb"""(?:cf-error-code|code-label)["'][^<>]*>[^<\d]{0,40}(?:<[^<>]*>)?\s*(1\d{3})\b""", re.IGNORECASE
)
_PLAIN = re.compile(rb"\s*error code:\s*(\d{3,4})\s*", re.IGNORECASE)


def refusal_of_us(status: int, headers: Mapping[str, str], body: bytes, where: str) -> PixivError | None:
    """The Challenge, Blocked or RateLimited that an answer proves to be; None if it proves nothing of the kind.

    `headers` are looked up in lower case. An answer that holds what was asked for is read before it is shown here.
    """
    if headers.get("cf-mitigated", "").strip().lower() == "challenge":
        return Challenge(f"{where}: Cloudflare wants a proof that we are no robot ({status}).")
    if status in ITEM_STATUSES or 300 <= status < 400:
        return None
    if status == 421:
        return Blocked(f"{where}: this connection leads to a server that does not serve the host (421).")
    if 400 <= status < 500 and (code := cloudflare_code(body)) is not None:
        if code == TOO_FAST:
            return RateLimited(f"{where}: Cloudflare limits us (its error {code}).")
        return Blocked(f"{where}: Cloudflare refuses us{f' (its error {code})' if code else ''}.")
    if has_challenge_markup(body):
        return Challenge(f"{where}: a page came that wants a proof that we are no robot ({status}).")
    return None


def has_challenge_markup(body: bytes) -> bool:
    """True if a page has the scripts, forms or widgets of a challenge."""
    page = body[:LOOKED_AT]
    if b"<" not in page:
        return False
    if any(_OWN_TAG.search(tag[0]) for tag in _TAG.finditer(page)):
        return True
    for script in _SCRIPT.finditer(page):
        end = _SCRIPT_END.search(page, script.end())
        if _OWN_SCRIPT.search(page, script.end(), end.start() if end else len(page)):
            return True
    return False


def cloudflare_code(body: bytes) -> int | None:
    """The number of the Cloudflare error (1006 to 1020 ...) that a body is; 0 if it does not say which, None if it
    is no such error. It comes as a line of text, as a page, or as JSON (RFC 9457).
    """
    if found := _PLAIN.fullmatch(body[:256]):
        return int(found[1])
    if body[:256].lstrip()[:1] == b"{":
        return _code_in_json(body)
    page = body[:LOOKED_AT]
    if not any(_DENIED.search(tag[0]) for tag in _TAG.finditer(page)):
        return None
    found = _CODE.search(page)
    return int(found[1]) if found else 0


def _code_in_json(body: bytes) -> int | None:
    if b"error_code" not in body[:LOOKED_AT]:
        return None
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, Mapping) or payload.get("cloudflare_error") is not True:
        return None
    code = payload.get("error_code")
    return code if isinstance(code, int) and not isinstance(code, bool) else 0
