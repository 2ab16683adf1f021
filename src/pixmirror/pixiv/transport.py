"""Speak HTTP to Pixiv's API, here alone: pace, send, tell failures apart, repeat what may pass."""

import asyncio
import json
import logging
import random
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Literal, Self, TypeVar

import httpx

from pixmirror.clock import Clock
from pixmirror.contained import no_descriptor
from pixmirror.errors import (
    AccessRefused,
    AccountWarned,
    BadResponse,
    Blocked,
    Challenge,
    ConfigError,
    Forbidden,
    InvalidRequest,
    NotSent,
    PixivError,
    RateLimited,
    ServerError,
    UnclearOutcome,
    UnexpectedPage,
    Unreachable,
)
from pixmirror.pixiv.bodies import ENCODINGS, Oversized, parse_json, read_body
from pixmirror.pixiv.budget import ImageBudget
from pixmirror.pixiv.challenges import refusal_of_us
from pixmirror.pixiv.failures import Expired, classify, classify_payload
from pixmirror.pixiv.hosts import WEB_HOST, Hosts
from pixmirror.pixiv.outcomes import Outcomes
from pixmirror.pixiv.pacing import Pacer
from pixmirror.pixiv.proxies import Proxy, failure_of, proxy_for, unusable
from pixmirror.pixiv.wire import Answer, Request, Sending, flatten, form_fields, quiet_until, retry_after

log = logging.getLogger(__name__)
T = TypeVar("T")
ImageClient = httpx.AsyncClient

TIMEOUT = httpx.Timeout(connect=15, read=30, write=30, pool=None)
WHOLE_ANSWER_SECONDS = 120.0
SLOWEST_UPLOAD = 16 * 1024  # bytes a second; a slower one is given up
LONGEST_RETRY_AFTER = 300.0
API_CONNECTIONS = 8
BLOCKED_S = 1200.0  # who is blocked is not let in by asking often
LONGEST_HEADER = 16 * 1024  # characters of one header that is sent; cookies are the longest
A_HEADER = re.compile(r"[\x20-\x7e\t]*")
NEVER_SENT = (httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ConnectError, httpx.ProxyError, httpx.InvalidURL)
LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


@dataclass(slots=True)
class Counts:
    """Requests sent since the start; each attempt counts."""

    api: int = 0
    image: int = 0
    token: int = 0
    image_bytes: int = 0


@dataclass(slots=True)
class _Patience:
    """How much of it one call has used up."""

    tries: int = 0
    cooldowns: int = 0
    renewed: bool = False
    token: str | None = field(default=None, repr=False)
    retry_after: float | None = None


class Transport:
    """Owns the connections. `hosts` maps real hosts to base URLs; others than Pixiv's own are never reached."""

    def __init__(
        self,
        clock: Clock,
        pacer: Pacer,
        *,
        images: ImageBudget | None = None,
        hosts: Mapping[str, str] | None = None,
        only_mapped: bool = False,
        proxy: str | None = None,
        trust_env: bool = True,
        rng: random.Random | None = None,
        tries: int = 3,
        cooldowns: int = 5,
    ) -> None:
        self.clock = clock
        self.pacer = pacer
        self.images = images or ImageBudget(clock, bytes_per_day=0, connections=4)
        self.counts = Counts()
        self.outcomes = Outcomes()
        self.hosts = Hosts(hosts or {}, only_mapped=only_mapped)
        self._proxy = proxy
        self._trust_env = trust_env
        self._rng = rng or random.Random()
        self._tries = tries
        self._cooldowns = cooldowns
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._open.aclose()

    async def ask_json(self, request: Request) -> Any:
        """Return the JSON that Pixiv answers, repeating as makes sense; or raise a PixivError or LoginError."""
        return await self._call(request, _read_json)

    async def ask_text(self, request: Request) -> str:
        """Return the same for a page of HTML."""
        return await self._call(request, _read_text)

    async def send_once(self, request: Request, *, count: Literal["api", "token"] = "api") -> Answer:
        """Try once, without pacing, repeating or judging. Unreachable or BadResponse if no whole answer comes;
        AccountWarned, and nothing is sent, after a warning that nobody has read.
        """
        self.pacer.refuse_if_frozen()
        if request.host != WEB_HOST and any(name.lower() == "cookie" for name in request.headers):
            raise InvalidRequest(f"{request.where}: a cookie goes to {WEB_HOST} alone: refused, nothing was sent.")
        if not all(len(v) <= LONGEST_HEADER and A_HEADER.fullmatch(v) for v in request.headers.values()):
            # httpx would repeat it in its own error, and it may be the token's.
            raise InvalidRequest(f"{request.where}: a value that no header can carry: nothing was sent.")
        url = self.hosts.url(request.host, request.path)
        sending = Sending(request)
        setattr(self.counts, count, getattr(self.counts, count) + 1)
        try:
            async with (
                asyncio.timeout(WHOLE_ANSWER_SECONDS + sending.total / SLOWEST_UPLOAD),
                sending as files,
                self._api.stream(
                    request.method,
                    url,
                    params=tuple(flatten(request.params)) or None,
                    data=form_fields(request.data),
                    files=files,
                    json=request.json,
                    headers=dict(request.headers),
                ) as response,
            ):
                body = await read_body(response, request.where)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as exc:
            if ours := no_descriptor(exc):
                raise ours from exc
            raise _no_answer(request, exc, self.proxy_for(url), whole=sending.whole) from exc
        return Answer(
            response.status_code,
            response.headers.get("content-type", ""),
            body,
            retry_after(response.headers, self.clock.now()),
            quiet_until(response.headers),
            response.headers,
        )

    def freeze(self) -> None:
        """Send nothing more, files included, until `thaw()`: Pixiv has warned the account."""
        self.pacer.freeze()
        self.images.freeze()

    def thaw(self) -> None:
        """Go on: a person has read the warning."""
        self.pacer.thaw()
        self.images.thaw()

    def proxy_for(self, url: str) -> Proxy | None:
        """Return the proxy that a request to this address goes through; None if it goes straight."""
        return proxy_for(url, self._proxy, trust_env=self._trust_env)

    def image_client(self) -> ImageClient:
        """Return a client with one connection for one fetch worker, who closes it: measured to be cheapest."""
        return self._client(1)

    @cached_property
    def shared_image_client(self) -> ImageClient:
        """A client for callers without workers of their own; closed with the transport."""
        return self._keep(self._client(API_CONNECTIONS))

    @cached_property
    def _api(self) -> httpx.AsyncClient:
        return self._keep(self._client(API_CONNECTIONS))

    @cached_property
    def _ssl(self) -> ssl.SSLContext:
        try:
            return httpx.create_ssl_context(trust_env=self._trust_env)
        except (OSError, ssl.SSLError) as exc:
            raise ConfigError("The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read.") from exc

    def _keep(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        self._open.push_async_callback(client.aclose)
        return client

    def _client(self, connections: int) -> httpx.AsyncClient:
        try:
            return httpx.AsyncClient(
                verify=self._ssl,
                http2=False,
                headers={"Accept-Encoding": ENCODINGS},
                timeout=TIMEOUT,
                limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
                proxy=self._proxy,
                mounts=dict.fromkeys(LOOPBACK),
                trust_env=self._trust_env,
                follow_redirects=False,
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            )
        except (ValueError, ImportError, httpx.InvalidURL) as exc:
            which = unusable(self._proxy) or "the proxy (pixiv.proxy, or HTTPS_PROXY)"
            text = f"{which} is not one that can be used; write it like http://host:port or socks5://host:port."
            raise ConfigError(text[0].upper() + text[1:]) from exc

    async def _call(self, request: Request, read: Callable[[Answer, Request], T]) -> T:
        patience = _Patience()
        while True:
            try:
                with self.outcomes.of(request.lane.name.lower()):
                    value = await self._attempt(request, read, patience)
            except PixivError as failure:
                await self._recover(request, failure, patience)
            else:
                self.pacer.succeeded(request.host)
                return value

    async def _attempt(self, request: Request, read: Callable[[Answer, Request], T], patience: _Patience) -> T:
        self.hosts.url(request.host, request.path)
        patience.retry_after = None
        async with self.pacer.turn(request.lane, request.host):
            sent = request
            if request.auth:
                patience.token = await request.auth.access_token()
                headers = {**request.headers, "Authorization": f"Bearer {patience.token}"}
                sent = replace(request, headers=headers)
            with _outcome(request):
                answer = await self.send_once(sent)
        patience.retry_after = answer.retry_after
        if answer.quiet_until:
            self.pacer.wait_until(answer.quiet_until, request.host)
        failure = (request.judge or classify)(answer, request)
        with _outcome(request):
            if isinstance(failure, (Challenge, UnexpectedPage)) and request.find_out and answer.status < 400:
                raise BadResponse(str(failure))  # a page, or the way to one: Pixiv may have done it
            if failure:
                raise failure
            return read(answer, request)

    async def _recover(self, request: Request, failure: PixivError, patience: _Patience) -> None:
        """Do what lets the call be repeated, or raise the failure."""
        if isinstance(failure, Expired):
            if request.auth is None or patience.token is None:
                raise Forbidden(f"{request.where}: Pixiv wants a login for this.") from failure
            if patience.renewed:
                raise AccessRefused(
                    f"{request.where}: Pixiv refuses an access token that it just gave."
                ) from failure
            patience.renewed = True
            await request.auth.renew(patience.token)
        elif isinstance(failure, AccountWarned):
            self.freeze()
            raise failure
        elif isinstance(failure, RateLimited) and not request.slows:
            raise failure
        elif isinstance(failure, RateLimited):
            self.pacer.slow_down(failure.retry_after, request.host)
            patience.cooldowns += 1
            if request.method != "GET" or patience.cooldowns > self._cooldowns or request.tries == 1:
                raise failure
            log.debug("%s Slower from now on; asking again after a cool-down.", failure)
        elif isinstance(failure, Challenge):
            self.pacer.slow_down(BLOCKED_S if isinstance(failure, Blocked) else None, request.host)
            raise failure
        elif isinstance(failure, (Unreachable, ServerError, BadResponse)) and not isinstance(failure, Oversized):
            patience.tries += 1
            most = request.tries or self._tries
            delay = self.backoff(patience.tries, patience.retry_after)
            if request.method != "GET" or patience.tries >= most or delay > LONGEST_RETRY_AFTER:
                raise failure
            log.debug("%s Asking again in %.1f s.", failure, delay)
            await self.clock.sleep(delay)
        else:
            raise failure

    def backoff(self, tries: int, retry_after: float | None = None) -> float:
        """Return the seconds before the next try: what the server names, else 1, 2, 4 ... give or take a half."""
        if retry_after is not None:
            return retry_after
        return float(2 ** (tries - 1) * self._rng.uniform(0.5, 1.5))


@contextmanager
def _outcome(request: Request) -> Iterator[None]:
    """Make an UnclearOutcome of a failure after which what was submitted may have been done."""
    try:
        yield
    except (Unreachable, ServerError, BadResponse) as failure:
        if not request.find_out:
            raise
        if isinstance(failure, Unreachable) and not failure.sent:
            raise NotSent(str(failure)) from failure
        raise UnclearOutcome(str(failure), request.where, request.find_out) from failure


def _read_json(answer: Answer, request: Request) -> Any:
    try:
        payload = parse_json(answer.body)
    except json.JSONDecodeError as exc:
        raise BadResponse(f"{request.where}: not JSON, or cut, at character {exc.pos}.") from exc
    except (ValueError, RecursionError) as exc:
        raise BadResponse(f"{request.where}: not JSON that can be read ({type(exc).__name__}).") from exc
    if failure := classify_payload(payload, request.method, request.path):
        raise failure
    return payload


def _read_text(answer: Answer, request: Request) -> str:
    try:
        page = answer.body.decode()
    except UnicodeDecodeError as exc:
        raise BadResponse(f"{request.where}: the page is not UTF-8 at byte {exc.start}.") from exc
    refusal = refusal_of_us(answer.status, answer.headers, answer.body, request.where)
    if refusal and not (request.holds and request.holds(page)):
        raise refusal
    return page


def _no_answer(request: Request, exc: Exception, proxy: Proxy | None, *, whole: bool) -> Unreachable:
    """Return what it comes to that no whole answer came; `whole`: all of the request may have gone out."""
    sent = whole and not isinstance(exc, NEVER_SENT)
    if failed := failure_of(proxy, exc, request.where, sent=sent):
        return failed
    if isinstance(exc, (TimeoutError, httpx.TimeoutException)):
        what = "did not answer in time"
    elif isinstance(exc, (httpx.RemoteProtocolError, httpx.ReadError)):
        what = "broke off its answer"
    else:
        why = f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__
        what = f"cannot be reached ({why})"
    return Unreachable(f"{request.where}: {request.host} {what}.", sent=sent)
