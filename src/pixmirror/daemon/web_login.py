"""The login at www.pixiv.net, beside that of the app: made from the configuration, tried with one request."""

from collections.abc import Mapping

from pixmirror.clock import Clock
from pixmirror.config import Config, read_web_login
from pixmirror.pixiv import Pacer, Transport
from pixmirror.pixiv.web import account
from pixmirror.pixiv.web.api import WebApi
from pixmirror.pixiv.web.session import LANGUAGES, WebSession


def session(config: Config, env: Mapping[str, str]) -> WebSession | None:
    """What is configured; None without any. ConfigError where it is no login."""
    found = read_web_login(config, env)
    if found is None:
        return None
    return WebSession(found.phpsessid.get_secret_value(), found.cookie.get_secret_value(), found.user_agent)


def web_api(config: Config, env: Mapping[str, str], transport: Transport) -> WebApi | None:
    """www.pixiv.net with that login."""
    made = session(config, env)
    return WebApi(transport, made, lang=site_language(config.pixiv.language)) if made else None


def site_language(language: str) -> str:
    """The one of the site's languages that comes nearest; it has fewer than the app."""
    name = language.lower().replace("-", "_")
    if name in ("zh_hant", "zh_hk", "zh_mo"):
        return "zh_tw"
    return name if name in LANGUAGES else next((s for s in LANGUAGES if s == name.partition("_")[0]), "en")


async def try_it(config: Config, env: Mapping[str, str]) -> int:
    """Asks www.pixiv.net once, with nothing else open. Whose login it is; LoginError if it is refused."""
    p, clock = config.pixiv, Clock()
    proxy = p.proxy.get_secret_value() if p.proxy else None
    pacer = Pacer(clock, per_minute=0, per_day=0)
    async with Transport(clock, pacer, hosts=p.hosts, only_mapped=bool(p.hosts), proxy=proxy) as transport:
        api = web_api(config, env, transport)
        assert api is not None
        await account.extra(api)
        return api.user_id
