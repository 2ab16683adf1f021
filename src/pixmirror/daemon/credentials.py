"""Our logins, as they are configured: of the app, and of www.pixiv.net; and the way to Pixiv."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pixmirror.clock import Clock
from pixmirror.config import Config, read_refresh_token, read_web_login

if TYPE_CHECKING:  # what only looks at the login, as `status` does, needs none of the client
    from pixmirror.pixiv.auth import AppIdentity
    from pixmirror.pixiv.pacing import Pacer
    from pixmirror.pixiv.transport import Transport
    from pixmirror.pixiv.web.api import WebApi
    from pixmirror.pixiv.web.session import WebSession


def configured_token(config: Config, env: Mapping[str, str]) -> str | None:
    secret = read_refresh_token(config, env)
    return secret.get_secret_value() if secret else None


def transport_to(config: Config, clock: Clock, pacer: "Pacer", **more: Any) -> "Transport":
    """Return the way to the hosts that the configuration names, by its proxy. `more` as `Transport` takes it."""
    from pixmirror.pixiv.transport import Transport

    p = config.pixiv
    proxy = p.proxy.get_secret_value() if p.proxy else None
    return Transport(clock, pacer, hosts=p.hosts, only_mapped=bool(p.hosts), proxy=proxy, **more)


def identity(config: Config) -> "AppIdentity":
    from pixmirror.pixiv.auth import AppIdentity

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
    from pixmirror.pixiv.pacing import Pacer
    from pixmirror.pixiv.web import account

    clock = Clock()
    async with transport_to(config, clock, Pacer(clock, per_minute=0, per_day=0)) as transport:
        api = web_api(config, env, transport)
        assert api is not None
        await account.extra(api)
        return api.user_id
