"""Who we are at www.pixiv.net: a cookie, and the browser that it belongs to."""

import re
from dataclasses import dataclass, field

from pixmirror.errors import ConfigError
from pixmirror.logs import hide

USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/128.0.0.0 Safari/537.36"
)
A_SESSION = re.compile(r"(\d{1,12})_\w{1,120}", re.ASCII)
A_PAIR = re.compile(r"([!#$%&'*+.^_`|~\w-]+)=([\x21-\x3a\x3c-\x7e]*)", re.ASCII)
LANGUAGES = ("ja", "en", "zh", "zh_tw", "ko")


@dataclass(frozen=True, slots=True)
class WebSession:
    """A login at www.pixiv.net: `WebSession(phpsessid)`, or `WebSession(cookie=..., user_agent=...)` with the
    whole Cookie header of a browser. A `cf_clearance` in it is good only with that browser's User-Agent.

    Neither is ever shown: not in repr, not in errors, not in logs.
    """

    phpsessid: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)
    user_agent: str = ""

    def __post_init__(self) -> None:
        pairs = _pairs(self.cookie) if self.cookie else {}
        session = self.phpsessid.strip() or pairs.get("PHPSESSID", "")
        if not A_SESSION.fullmatch(session):
            raise ConfigError(
                "There is no PHPSESSID of a login in that: it is <your user id>_<letters and digits>, "
                "to be seen among the cookies of www.pixiv.net in a browser that is logged in."
            )
        if "cf_clearance" in pairs and not self.user_agent.strip():
            raise ConfigError(
                "The cookie has a cf_clearance: give the User-Agent of the browser that got it, too."
            )
        if not self.user_agent.isprintable() or not self.user_agent.isascii():
            raise ConfigError("The User-Agent holds characters that no browser sends.")
        pairs["PHPSESSID"] = session
        for name, value in pairs.items():
            hide(value)
            hide(f"{name}={value}")
        object.__setattr__(self, "phpsessid", session)
        object.__setattr__(self, "cookie", "; ".join(f"{name}={value}" for name, value in pairs.items()))
        object.__setattr__(self, "user_agent", self.user_agent.strip() or USER_AGENT)

    @property
    def user_id(self) -> int:
        """Whose session it is: PHPSESSID begins with the id."""
        return int(self.phpsessid.partition("_")[0])


def _pairs(cookie: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in cookie.strip().removeprefix("Cookie:").split(";"):
        if not (text := part.strip()):
            continue
        found = A_PAIR.fullmatch(text)
        if found is None:
            raise ConfigError(
                "The cookie cannot be read: it must be name=value; name=value, as the browser sends it."
            )
        pairs[found[1]] = found[2]
    return pairs
