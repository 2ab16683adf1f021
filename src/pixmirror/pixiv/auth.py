"""Log in and stay so: PKCE, the token endpoint, and one refresh however many need it (pixiv.md 2)."""

import asyncio
import base64
import copy
import hashlib
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pixmirror.clock import DAY_MS
from pixmirror.errors import (
    AccessRefused,
    AccountWarned,
    BadResponse,
    Challenge,
    LoginError,
    LoginNeeded,
    NoToken,
    PixivError,
    RateLimited,
    ServerError,
    TokenRejected,
    UnexpectedPage,
    Unreachable,
)
from pixmirror.logs import hide
from pixmirror.models import Account, Token
from pixmirror.pixiv import outcomes
from pixmirror.pixiv.bodies import parse_json
from pixmirror.pixiv.failures import classify, error_text, shortened
from pixmirror.pixiv.hosts import APP_HOST, OAUTH_HOST
from pixmirror.pixiv.reading import account
from pixmirror.pixiv.tokens import TOKEN_PATH, WHERE, read_token, rejection, says_dead
from pixmirror.pixiv.transport import Transport
from pixmirror.pixiv.wire import Request

CALLBACK = f"https://{APP_HOST}/web/v1/users/auth/pixiv/callback"
HASH_SALT = "28c1fdd170a5204386cb1313c7077b34f83e4aaf4aa829ce78c231e05b0bae2c"
MARGIN_MS = 60_000
TRIES = 3
SHORT_REST_MS = 30_000
LONG_REST_MS = 300_000
REFUSALS, REFUSALS_MS = 3, 300_000  # so many renewals, after refusals, are made in this time
A_CODE = re.compile(r"[A-Za-z0-9_\-.~]{8,512}")


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """As which app we appear; every value can be configured, so that a change at Pixiv needs no release.

    The version matters: an old one gets no R-18 works (pixiv.md 1.2). Defaults as gallery-dl 1.32.18
    sends them.
    """

    user_agent: str = "PixivIOSApp/7.19.1 (iOS 16.7.2; iPhone12,8)"
    os: str = "ios"
    os_version: str = "16.7.2"
    version: str = "7.19.1"
    client_id: str = "MOBrBDS8blbauoSck0ZfDbtuzpyT"
    client_secret: str = field(default="lsACyCD94FhDUtGTXi3QzcFE2uU1hqtDaKeqrdwj", repr=False)

    def headers(self, language: str = "en") -> dict[str, str]:
        """Return what the app sends with each request."""
        return {
            "User-Agent": self.user_agent,
            "App-OS": self.os,
            "App-OS-Version": self.os_version,
            "App-Version": self.version,
            "Accept-Language": language,
        }


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """The page to open in a browser, and the secret that the code from it must be redeemed with."""

    url: str
    verifier: str = field(repr=False)


def new_login(base: str = f"https://{APP_HOST}") -> PendingLogin:
    """Begin a PKCE login. The same PendingLogin serves for as many codes as it takes to be in time."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    query = {"code_challenge": challenge, "code_challenge_method": "S256", "client": "pixiv-android"}
    return PendingLogin(f"{base}/web/v1/login?{urlencode(query)}", verifier)


def parse_code(text: str) -> str:
    """Find the login code in what the user pasted: itself, the callback URL, or pixiv://account/login."""
    text = text.strip().strip("'\"<>").strip()
    if "=" in text or "://" in text:
        query = urlsplit(text).query if "://" in text else text.partition("?")[2] or text
        text = (parse_qs(query).get("code") or [""])[0].strip()
    if not A_CODE.fullmatch(text):
        raise LoginError("There is no login code in that: it is the long value of `code` in the callback address.")
    return text


async def redeem_code(transport: Transport, identity: AppIdentity, code: str, verifier: str) -> Token:
    """Return tokens for a login code, which lives about 30 seconds and works once.

    POST /auth/token, grant_type authorization_code. Errors: TokenRejected naming the cause, Challenge,
    RateLimited, UnexpectedPage, ServerError, Unreachable, BadResponse, NoToken. Source: pixiv.md 2; recorded
    oauth/auth-token*.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": CALLBACK,
    }
    return (await _redeem(transport, identity, form, ""))[0]


async def redeem_refresh_token(transport: Transport, identity: AppIdentity, refresh_token: str) -> Token:
    """Return tokens for a refresh token. POST /auth/token, grant_type refresh_token; errors as in redeem_code."""
    return (await _renewed(transport, identity, refresh_token))[0]


async def _renewed(transport: Transport, identity: AppIdentity, refresh_token: str) -> tuple[Token, Account]:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await _redeem(transport, identity, form, refresh_token)


OnToken = Callable[[Token], Awaitable[None] | None]


class Auth:
    """Holds the login: the refresh token, and the access token as long as Pixiv takes it.

    Invariants: at most one refresh at a time and none within `min_gap` seconds of another; a token is
    renewed only when it has run out or was refused; what Pixiv rejected is offered again once a day, as even that
    can pass. What fails here fails everything (`scope`). `on_token` gets each new token to keep; where it returns
    something to wait for, that is waited for.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        identity: AppIdentity | None = None,
        refresh_token: str | None = None,
        token: Token | None = None,
        on_token: OnToken | None = None,
        min_gap: float = 5.0,
    ) -> None:
        self._transport = transport
        self._clock = transport.clock
        self._identity = identity or AppIdentity()
        self._refresh_token = refresh_token or (token.refresh_token if token else None)
        self._token = token
        self._account: Account | None = None
        for secret in (self._refresh_token, token.access_token if token else None):
            hide(secret or "")
        self._on_token = on_token
        self._min_gap = min_gap
        self._margin_ms = MARGIN_MS
        self._before: str | None = None
        self._lock = asyncio.Lock()
        self._asked_at = -float("inf")
        self._failure: tuple[PixivError | LoginError, int] | None = None
        self._refusals: deque[float] = deque(maxlen=REFUSALS)

    @property
    def current(self) -> Token | None:
        """The token in use, fresh or not; asks nobody."""
        return self._token

    @property
    def refresh_token(self) -> str | None:
        """What the next login offers: the newest refresh token that Pixiv gave, or else the one that was set."""
        return self._refresh_token

    @property
    def account(self) -> Account | None:
        """Who is logged in: all that the last login answered, or what a token that was kept tells; None before."""
        if self._account is not None or (token := self._token) is None:
            return self._account
        return Account(
            id=token.user_id,
            name=token.user_name,
            account=token.user_account,
            is_premium=token.is_premium,
            x_restrict=token.x_restrict,
        )

    def set_refresh_token(self, refresh_token: str) -> None:
        """Take a new login; forget the old one and its failures."""
        hide(refresh_token)
        self._refresh_token, self._token, self._before, self._failure = refresh_token, None, None, None
        self._account = None

    def set_token(self, token: Token) -> None:
        """Take a new login whose tokens are known already."""
        self.set_refresh_token(token.refresh_token)
        hide(token.access_token, passing=True)
        self._token = token

    async def token(self) -> Token:
        """Return a token that should be accepted; refreshed only if there is none or it has run out."""
        if self._usable():
            assert self._token
            return self._token
        async with self._lock:
            return await self._fresh()

    async def access_token(self) -> str:
        return (await self.token()).access_token

    async def renew(self, rejected: str) -> str:
        """Renew the access token that Pixiv refused; of N callers with the same one only the first asks.
        AccessRefused where Pixiv refuses one after the other.
        """
        async with self._lock:
            if self._token and self._token.access_token == rejected:
                now = self._clock.monotonic()
                if len(self._refusals) == REFUSALS and now - self._refusals[0] < REFUSALS_MS / 1000:
                    raise AccessRefused("Pixiv refuses each access token that it gives.")
                self._refusals.append(now)
                self._token = None
            return (await self._fresh()).access_token

    def _usable(self) -> bool:
        return self._token is not None and self._token.fresh(self._clock.now(), self._margin_ms)

    async def _fresh(self) -> Token:
        """Return a fresh token; the caller holds the lock."""
        while not self._usable():
            offered = self._refresh_token
            if not offered:
                raise LoginNeeded("There is no Pixiv login yet.")
            self._raise_known_failure()
            await self._mind_the_gap()
            token, who = await self._refresh(offered)
            if self._refresh_token != offered:  # a new login came in the meantime
                continue
            self._account = who
            await self._accept(token, offered)
        assert self._token
        return self._token

    async def _accept(self, token: Token, offered: str) -> None:
        self._before = offered if token.refresh_token != offered else None
        self._refresh_token, self._token, self._failure = token.refresh_token, token, None
        self._margin_ms = min(MARGIN_MS, max(token.expires_at - self._clock.now(), 0) // 10)
        if self._on_token and (keeping := self._on_token(token)) is not None:
            await keeping

    async def _refresh(self, offered: str) -> tuple[Token, Account]:
        """Ask; if a rotated token is refused, the one before it is tried once (it may not have been replaced)."""
        try:
            return await _renewed(self._transport, self._identity, offered)
        except TokenRejected as exc:
            before, self._before = self._before, None
            if before:
                return await _renewed(self._transport, self._identity, before)
            self._remember(exc, offered, DAY_MS)
            raise
        except AccountWarned:
            self._transport.freeze()  # which is what remembers it, until somebody has read it
            raise
        except PixivError as exc:
            exc.scope = "everything"  # without a token nothing can be asked
            self._remember(exc, offered, _rest_ms(exc))
            raise

    def _remember(self, failure: PixivError | LoginError, offered: str, rest_ms: int) -> None:
        if self._refresh_token == offered:
            self._failure = (failure, self._clock.now() + rest_ms)

    def _raise_known_failure(self) -> None:
        if self._failure:
            failure, until = self._failure
            if 0 < until - self._clock.now() <= DAY_MS:  # farther off: the clock was set back
                raise copy.copy(failure)

    async def _mind_the_gap(self) -> None:
        left = self._asked_at + self._min_gap - self._clock.monotonic()
        if left > 0:
            await self._clock.sleep(min(left, self._min_gap))
        self._asked_at = self._clock.monotonic()


def _rest_ms(failure: PixivError) -> int:
    """Return how long to leave the token endpoint alone."""
    if isinstance(failure, RateLimited) and failure.retry_after is not None:
        return int(min(max(failure.retry_after, SHORT_REST_MS / 1000), DAY_MS / 1000) * 1000)
    return (
        LONG_REST_MS if isinstance(failure, (RateLimited, Challenge, UnexpectedPage, NoToken)) else SHORT_REST_MS
    )


async def _redeem(
    transport: Transport, identity: AppIdentity, form: Mapping[str, str], old: str
) -> tuple[Token, Account]:
    """Ask the token endpoint; only what failed on the way is tried again, and only for a refresh."""
    for attempt in range(1, TRIES if old else 1):
        try:
            return await _ask(transport, identity, form, old)
        except (Unreachable, ServerError):
            await transport.clock.sleep(transport.backoff(attempt))
    return await _ask(transport, identity, form, old)


async def _ask(
    transport: Transport, identity: AppIdentity, form: Mapping[str, str], old: str
) -> tuple[Token, Account]:
    now = transport.clock.now()
    data = {
        "client_id": identity.client_id,
        "client_secret": identity.client_secret,
        **form,
        "include_policy": "true",
        "get_secure_url": "1",
    }
    headers = {**identity.headers(), **client_time_headers(now)}
    request = Request("POST", OAUTH_HOST, TOKEN_PATH, data=data, headers=headers)
    with transport.outcomes.failing(outcomes.TOKEN):
        answer = await transport.send_once(request, count="token")
    failure = classify(answer, request)
    transport.outcomes.add(outcomes.TOKEN, outcomes.outcome_of(failure) if failure else outcomes.DONE)
    if failure is None:
        payload = _parsed(answer.body)
        return read_token(payload, now, old), account(payload).item
    if isinstance(failure, (RateLimited, Challenge, UnexpectedPage, ServerError, BadResponse)):
        raise failure
    text, grant = error_text(answer.body), form["grant_type"]
    if says_dead(answer.body) or (grant != "refresh_token" and answer.status == 400):
        raise rejection(text, grant) from failure
    said = f": {shortened(text)}" if text else ""
    raise NoToken(
        f"{WHERE}: no token came, and nothing says why for certain ({answer.status}{said})."
    ) from failure


def client_time_headers(now: int) -> dict[str, str]:
    """Return X-Client-Time and its hash, which the official app sends to the token endpoint."""
    moment = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="seconds")
    digest = hashlib.md5((moment + HASH_SALT).encode(), usedforsecurity=False).hexdigest()
    return {"X-Client-Time": moment, "X-Client-Hash": digest}


def _parsed(body: bytes) -> Any:
    try:
        return parse_json(body)
    except (ValueError, RecursionError) as exc:
        raise BadResponse(f"{WHERE}: the answer is not JSON.") from exc
