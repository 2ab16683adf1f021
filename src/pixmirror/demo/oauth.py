"""The login of the demo: the PKCE pages of app-api.pixiv.net and the token endpoint of oauth.secure.pixiv.net."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import md5, sha256
from html import escape
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pixmirror.demo import addresses
from pixmirror.demo.calls import ApiError
from pixmirror.demo.shapes import Json
from pixmirror.demo.world import World

REFRESH_TOKEN = "demo-refresh-token"
CALLBACK = "/web/v1/users/auth/pixiv/callback"
CODE_SECONDS = 30
_HASH_SALT = "28c1fdd170a5204386cb1313c7077b34f83e4aaf4aa829ce78c231e05b0bae2c"


class Refused(Exception):
    """An error answer of the token endpoint."""

    def __init__(self, message: str, error: str = "invalid_grant") -> None:
        super().__init__(message)
        self.body: Json = {
            "has_error": True,
            "errors": {"system": {"message": message, "code": 1508}},
            "error": error,
        }


class OAuth:
    """Tokens and codes. Whoever holds `refresh_tokens[token]` is that user."""

    def __init__(self, world: World, expires_in: int = 3600) -> None:
        self.world, self.expires_in = world, expires_in
        self.refresh_tokens: dict[str, int] = {REFRESH_TOKEN: world.me}
        self.access_tokens: dict[str, tuple[int, int]] = {}  # token → user, end of its life
        self.codes: dict[str, tuple[str, int]] = {}  # code → challenge, end of its life

    def expire_all(self) -> None:
        """End all access tokens at once."""
        self.access_tokens.clear()

    def revoke(self, refresh_token: str = REFRESH_TOKEN) -> None:
        """Revoke a refresh token and the access tokens of its user, as a password change does."""
        user_id = self.refresh_tokens.pop(refresh_token)
        self.access_tokens = {t: held for t, held in self.access_tokens.items() if held[0] != user_id}

    def viewer(self, header: str | None) -> int:
        """The user of an Authorization header; without one, or with a stale one, the 400 that Pixiv answers."""
        scheme, _, token = (header or "").partition(" ")
        user_id, until = self.access_tokens.get(token.strip(), (0, 0))
        if scheme == "Bearer" and user_id and self.world.now() < until:
            return user_id
        reason = "invalid_grant" if header else "invalid_request"
        text = "Error occurred at the OAuth process. Please check your Access Token to fix this. Error Message: "
        raise ApiError(400, message=text + reason)

    def code(self, challenge: str) -> str:
        """Return a code that the holder of the challenge's verifier can exchange, once and soon."""
        code = secrets.token_urlsafe(32)
        self.codes[code] = (challenge, self.world.now() + CODE_SECONDS * 1000)
        return code

    def exchange(self, form: Mapping[str, str]) -> Json:
        """Return what the token endpoint answers to a form."""
        if not (form.get("client_id") and form.get("client_secret")):
            raise Refused("Invalid client", "invalid_client")
        grant = form.get("grant_type")
        if grant == "refresh_token":
            token = form.get("refresh_token", "")
            if token not in self.refresh_tokens:
                raise Refused("Invalid refresh token")
        elif grant == "authorization_code":
            token = self._redeem(form)
        else:
            raise Refused("103:unauthorized for this client", "unauthorized_client")
        return self._issue(token)

    def _redeem(self, form: Mapping[str, str]) -> str:
        challenge, until = self.codes.pop(form.get("code", ""), ("", 0))
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        given = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.world.now() >= until or given != challenge or not form.get("redirect_uri", "").endswith(CALLBACK):
            raise Refused("Invalid authorization code")
        mine = [token for token, user_id in self.refresh_tokens.items() if user_id == self.world.me]
        if not mine:  # all were revoked: a new login makes a new one
            mine = [secrets.token_urlsafe(32)]
            self.refresh_tokens[mine[0]] = self.world.me
        return mine[0]

    def _issue(self, refresh_token: str) -> Json:
        user_id = self.refresh_tokens[refresh_token]
        person = self.world.users[user_id]
        access = secrets.token_urlsafe(32)
        self.access_tokens[access] = (user_id, self.world.now() + self.expires_in * 1000)
        pictures = {
            "px_16x16": addresses.avatar(self.world, person, "_16"),
            "px_50x50": addresses.avatar(self.world, person, "_50"),
            "px_170x170": addresses.avatar(self.world, person, "_170"),
        }
        answer: Json = {
            "access_token": access,
            "expires_in": self.expires_in,
            "token_type": "bearer",
            "scope": "",
            "refresh_token": refresh_token,
            "user": {
                "profile_image_urls": pictures,
                "id": str(user_id),
                "name": person.name,
                "account": person.account,
                "mail_address": "demo@example.invalid",
                "is_premium": False,
                "x_restrict": 0,
                "is_mail_authorized": True,
                "require_policy_agreement": False,
            },
        }
        return answer | {"response": dict(answer)}


async def token(request: Request) -> Response:
    """POST /auth/token."""
    form = dict(parse_qsl((await request.body()).decode()))
    oauth: OAuth = request.app.state.oauth
    time, given = request.headers.get("x-client-time"), request.headers.get("x-client-hash")
    with oauth.world.lock:
        try:
            if (
                given is not None
                and given != md5(f"{time}{_HASH_SALT}".encode(), usedforsecurity=False).hexdigest()
            ):
                raise Refused("Invalid client hash", "invalid_request")
            return JSONResponse(oauth.exchange(form))
        except Refused as refused:
            return JSONResponse(refused.body, 400)


async def login(request: Request) -> Response:
    """Return the login page: one link, which logs the demo's only person in."""
    query = request.query_params
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        return HTMLResponse("<h1>pixiv (demo)</h1><p>The login address is incomplete.</p>", 400)
    target = escape("/web/v1/users/auth/pixiv?" + urlencode({"code_challenge": query["code_challenge"]}))
    return HTMLResponse(f'<h1>pixiv (demo)</h1><p><a href="{target}">Log in as the demo account</a></p>')


async def grant(request: Request) -> Response:
    """Return what the link leads to: on to the callback, with a fresh code."""
    code = request.app.state.oauth.code(request.query_params.get("code_challenge", ""))
    return RedirectResponse(f"{CALLBACK}?{urlencode({'state': secrets.token_hex(8), 'code': code})}", 302)


async def callback(request: Request) -> Response:
    """Return the page that jumps to the app, which a desktop browser cannot follow: its address holds the code."""
    target = escape(
        "pixiv://account/login?" + urlencode({"code": request.query_params.get("code", ""), "via": "login"})
    )
    return HTMLResponse(
        f'<meta http-equiv="refresh" content="0;url={target}"><p><a href="{target}">Open pixiv</a></p>'
    )


ROUTES = [
    Route("/auth/token", token, methods=["POST"]),
    Route("/web/v1/login", login),
    Route("/web/v1/users/auth/pixiv", grant),
    Route(CALLBACK, callback),
]
