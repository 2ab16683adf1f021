"""Our logins: of the app, with the access token that credentials.json keeps across runs, and of www.pixiv.net."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from pixmirror.clock import Clock
from pixmirror.config import Config, read_refresh_token, read_web_login
from pixmirror.errors import ConfigError, LoginNeeded
from pixmirror.models import Token
from pixmirror.store import MirrorRoot

if TYPE_CHECKING:  # what only looks at the login, as `status` does, needs none of the client
    from pixmirror.pixiv import AppIdentity, Pacer, Transport
    from pixmirror.pixiv.web.api import WebApi
    from pixmirror.pixiv.web.session import WebSession

FILE = "credentials.json"
_TYPES = {"access_token": str, "refresh_token": str, "user_name": str, "user_account": str, "is_premium": bool}


def configured_token(config: Config, env: Mapping[str, str]) -> str | None:
    secret = read_refresh_token(config, env)
    return secret.get_secret_value() if secret else None


def digest(refresh_token: str | None) -> str | None:
    return hashlib.sha256(refresh_token.encode()).hexdigest()[:16] if refresh_token else None


def read_token(data: object) -> Token:
    """Make a Token of JSON from the file, or from whoever asks over the socket. ConfigError when it is none."""
    known = {field.name: _TYPES.get(field.name, int) for field in fields(Token)}
    if not isinstance(data, Mapping) or not set(data) <= set(known):
        raise ConfigError("That is not a token.")
    wrong = [name for name, value in data.items() if type(value) is not known[name]]
    try:
        token = Token(**data)
    except TypeError:
        raise ConfigError("The token lacks something.") from None
    secrets = {name: str(data.get(name)) for name in ("access_token", "refresh_token")}
    wrong += [name for name, text in secrets.items() if not (text.isascii() and text.isprintable())]
    if wrong or not token.refresh_token:
        raise ConfigError(f"The token has a wrong {', '.join(sorted(wrong)) or 'refresh_token'}.")
    return token


def load(root: MirrorRoot, configured: str | None) -> tuple[str | None, Token | None]:
    """Return the refresh token to use, and the access token of the last run if it belongs to it.

    A token that `pixmirror login` stored, or that Pixiv replaced, stands until the configured one changes.
    """
    kept = _kept(root)
    if kept is None or (configured is not None and kept[0] != digest(configured)):
        return configured, None
    return kept[1].refresh_token, kept[1]


def damaged(root: MirrorRoot) -> LoginNeeded | None:
    """Return what is wrong with the file, if it is there and holds no login."""
    if root.read_secret(FILE) is None or _kept(root) is not None:
        return None
    return LoginNeeded(f"{root.root / FILE} is damaged: it holds no login that can be read.")


def _kept(root: MirrorRoot) -> tuple[str | None, Token] | None:
    """Return the token in the file, after the digest of the one that was configured then; None if it has none."""
    try:
        kept = json.loads(root.read_secret(FILE) or b"{}")
        return (kept.get("configured"), read_token(kept.get("token"))) if isinstance(kept, dict) else None
    except (ValueError, RecursionError, ConfigError):
        return None


def save(root: MirrorRoot, configured: str | None, token: Token) -> None:
    kept = {"configured": digest(configured), "token": asdict(token)}
    root.write_secret(FILE, json.dumps(kept, indent=1) + "\n")


def transport_to(config: Config, clock: Clock, pacer: "Pacer", **more: Any) -> "Transport":
    """Return the way to the hosts that the configuration names, by its proxy. `more` as `Transport` takes it."""
    from pixmirror.pixiv import Transport

    p = config.pixiv
    proxy = p.proxy.get_secret_value() if p.proxy else None
    return Transport(clock, pacer, hosts=p.hosts, only_mapped=bool(p.hosts), proxy=proxy, **more)


def identity(config: Config) -> "AppIdentity":
    from pixmirror.pixiv import AppIdentity

    p = config.pixiv
    return AppIdentity(
        user_agent=p.user_agent, version=p.app_version, client_id=p.client_id, client_secret=p.client_secret
    )


def web_session(config: Config, env: Mapping[str, str]) -> "WebSession | None":
    """Return the login at www.pixiv.net that is configured, or None. ConfigError where it is no login."""
    from pixmirror.pixiv.web.session import WebSession

    found = read_web_login(config, env)
    if found is None:
        return None
    return WebSession(found.phpsessid.get_secret_value(), found.cookie.get_secret_value(), found.user_agent)


def web_api(config: Config, env: Mapping[str, str], transport: "Transport") -> "WebApi | None":
    """Return www.pixiv.net with that login, or None without one."""
    from pixmirror.pixiv.web.api import WebApi

    made = web_session(config, env)
    return WebApi(transport, made, lang=site_language(config.pixiv.language)) if made else None


def site_language(language: str) -> str:
    """Choose the nearest of the site's languages, which has fewer than the app."""
    from pixmirror.pixiv.web.session import LANGUAGES

    name = language.lower().replace("-", "_")
    if name in ("zh_hant", "zh_hk", "zh_mo"):
        return "zh_tw"
    return name if name in LANGUAGES else next((s for s in LANGUAGES if s == name.partition("_")[0]), "en")


async def try_web_login(config: Config, env: Mapping[str, str]) -> int:
    """Ask www.pixiv.net once, with nothing else open. Return whose login it is; LoginError if it is refused."""
    from pixmirror.pixiv import Pacer
    from pixmirror.pixiv.web import account

    clock = Clock()
    async with transport_to(config, clock, Pacer(clock, per_minute=0, per_day=0)) as transport:
        api = web_api(config, env, transport)
        assert api is not None
        await account.extra(api)
        return api.user_id
