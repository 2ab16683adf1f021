"""What the token endpoint answers, purely: tokens out of what is good, and what a refusal means."""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from pixmirror.errors import BadResponse, TokenRejected
from pixmirror.logs import hide
from pixmirror.models import Token
from pixmirror.pixiv.failures import parse_quietly

TOKEN_PATH = "/auth/token"
WHERE = f"POST {TOKEN_PATH}"
SHORTEST_LIFE, USUAL_LIFE, LONGEST_LIFE = 300, 3600, 30 * 86_400  # seconds; what is beyond is not believed
DEAD_CODES = ("103", "104", "1508")
A_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def says_dead(body: bytes) -> bool:
    """True if an answer of the token endpoint says that a token or code is dead, in the endpoint's own form."""
    payload = parse_quietly(body)
    if not isinstance(payload, Mapping):
        return False
    errors = payload.get("errors")
    system = errors.get("system") if isinstance(errors, Mapping) else None
    code, said = (system.get("code"), system.get("message")) if isinstance(system, Mapping) else (None, None)
    if payload.get("error") == "invalid_grant" or str(code) in DEAD_CODES:
        return True
    return isinstance(said, str) and said.lstrip().startswith(("103:", "104:"))


def rejection(text: str, grant_type: str) -> TokenRejected:
    """Return the refusal of the token endpoint, with its cause as far as Pixiv names one."""
    said = text.lower()
    if "103:" in said:
        cause = "Pixiv ID or password is wrong (103)."
    elif "104:" in said or "invalid account" in said:
        cause = "Pixiv has suspended this account (104)."
    elif "client" in said:
        cause = "Pixiv refuses this client; set pixiv.client_id and pixiv.client_secret to those of a current app."
    elif grant_type == "refresh_token":
        cause = (
            "Pixiv does not accept the refresh token: mistyped, or revoked by a password change or a suspension."
        )
    elif "verifier" in said or "challenge" in said:
        cause = "The code belongs to another login page than the one opened last; open the newest address again."
    else:
        cause = "The login code is used up or too old: it works once, for about 30 seconds. Fetch a new one."
    return TokenRejected(cause)


def read_token(payload: Any, now: int, old_refresh_token: str = "") -> Token:
    """Return the Token of an answer, whose fields stand at the top, inside `response`, or in both places."""
    if not isinstance(payload, Mapping):
        raise BadResponse(f"{WHERE}: the answer is not an object.")
    inner = payload.get("response")
    fields = {**payload, **inner} if isinstance(inner, Mapping) else payload
    user = fields.get("user")
    if not isinstance(user, Mapping):
        raise BadResponse(f"{WHERE}: the answer lacks `user`.")
    access, refresh = fields.get("access_token"), fields.get("refresh_token")
    if not _is_token(refresh):
        refresh = old_refresh_token
    if not (_is_token(access) and refresh):
        raise BadResponse(f"{WHERE}: the answer lacks a token, or has one that no header can carry.")
    for secret in (access, refresh):
        hide(secret, passing=True)
    restrict = str(user.get("x_restrict"))
    return Token(
        access_token=access,
        refresh_token=refresh,
        expires_at=now + _life(fields.get("expires_in")) * 1000,
        user_id=_whole(user.get("id"), "user.id"),
        user_name=str(user.get("name") or ""),
        user_account=str(user.get("account") or ""),
        is_premium=user.get("is_premium") is True,
        x_restrict=int(restrict) if restrict in ("1", "2") else 0,
    )


def _is_token(value: Any) -> TypeGuard[str]:
    """True if a text can stand in a header."""
    return isinstance(value, str) and A_TOKEN.fullmatch(value) is not None


def _life(value: Any) -> int:
    """Return for how many seconds an access token is used: `expires_in`, if that makes sense."""
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        return USUAL_LIFE
    if isinstance(value, bool) or seconds <= 0:
        return USUAL_LIFE
    return min(max(seconds, SHORTEST_LIFE), LONGEST_LIFE)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    raise BadResponse(f"{WHERE}: `{name}` is not a number.")
