"""The secrets of the configuration: of its own keys, of systemd, or of files."""

import errno
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pixmirror.config import pasted
from pixmirror.config.model import PHPSESSID, Config
from pixmirror.errors import ConfigError, StorageError

MAX_BYTES = 1 << 20  # of a file
MAX_COOKIE = 16 * 1024  # characters of a Cookie header; servers refuse longer ones
GIVEN = "/run/secrets"  # where Podman and Docker put secrets, for anybody in the container to read
_CREDENTIAL = "refresh-token"
_WEB_CREDENTIAL = "phpsessid"
_PASSWORD_CREDENTIAL = "gallery-password"


def read_refresh_token(config: Config, env: Mapping[str, str]) -> SecretStr | None:
    """Return the token of the configuration, systemd's credential or `pixiv.refresh_token_file`; else None.

    ConfigError when a file is there but cannot be read or holds something else than one token.
    """
    if config.pixiv.refresh_token is not None:
        return config.pixiv.refresh_token
    place, text = _first(_CREDENTIAL, config.pixiv.refresh_token_file, env, "refresh token")
    if text is None:
        return None
    token = pasted.token_in(text)
    if len(token.split()) != 1 or not token.isascii() or not token.isprintable():
        raise ConfigError(f"{place} should hold a refresh token and nothing else; `pixmirror login` makes one")
    return SecretStr(token)


@dataclass(frozen=True, slots=True)
class WebLogin:
    """What is configured of a login at www.pixiv.net: a PHPSESSID, or a whole Cookie header; maybe its browser."""

    phpsessid: SecretStr
    cookie: SecretStr
    user_agent: str


def read_web_login(config: Config, env: Mapping[str, str]) -> WebLogin | None:
    """Return the cookie of `pixiv.web_cookie_file`, and the PHPSESSID of the configuration, systemd's credential,
    or `pixiv.phpsessid_file`; None without any.

    ConfigError when a file is there but cannot be read or holds something else.
    """
    p = config.pixiv
    cookie = pasted.cookies_in(_read(p.web_cookie_file, "cookie") or "") if p.web_cookie_file else ""
    if p.web_cookie_file and not cookie:
        raise ConfigError(f"pixiv.web_cookie_file names {p.web_cookie_file}, which is not there or is empty")
    if len(cookie) > MAX_COOKIE:
        raise ConfigError(
            f"pixiv.web_cookie_file names {p.web_cookie_file}, whose cookie has {len(cookie):,} characters; at "
            f"most {MAX_COOKIE:,} can be sent"
        )
    session = p.phpsessid.get_secret_value() if p.phpsessid else ""
    if not session and not cookie:
        place, text = _first(_WEB_CREDENTIAL, p.phpsessid_file, env, "PHPSESSID")
        if text is None:
            return None
        session = pasted.session_in(text)
        if not PHPSESSID.fullmatch(session):
            raise ConfigError(
                f"{place} should hold the PHPSESSID of a login at www.pixiv.net and nothing else: "
                "<your user id>_<letters and digits>"
            )
    return WebLogin(SecretStr(session), SecretStr(cookie), p.web_user_agent)


def has_web_login(config: Config, env: Mapping[str, str]) -> bool:
    """Return whether a login at www.pixiv.net is configured. No secret is read."""
    p, folder = config.pixiv, env.get("CREDENTIALS_DIRECTORY")
    places = (p.web_cookie_file, p.phpsessid_file, Path(folder) / _WEB_CREDENTIAL if folder else None)
    return p.phpsessid is not None or any(place is not None and place.exists() for place in places)


def gallery_password_file(config: Config) -> Path:
    """Return where the hash of the gallery's password is looked for."""
    return config.gallery.password_file or config.mirror.root / _PASSWORD_CREDENTIAL


def read_gallery_password(config: Config, env: Mapping[str, str]) -> str | None:
    """Return the argon2id hash of the gallery's password, of systemd's credential or its file; None without one.

    ConfigError when a file is there but holds something else, as the password itself.
    """
    place, text = _first(_PASSWORD_CREDENTIAL, gallery_password_file(config), env, "gallery's password")
    if text is None:
        if config.gallery.password_file is not None:
            raise ConfigError(
                f"gallery.password_file names {place}, which is not there; `pixmirror gallery --set-password` "
                "makes it"
            )
        return None
    if not text.strip().startswith("$argon2id$"):
        raise ConfigError(
            f"{place} should hold the argon2id hash of a password and nothing else; `pixmirror gallery "
            "--set-password` makes it"
        )
    return text.strip()


def secret_files(config: Config) -> tuple[Path, ...]:
    """List the files that may hold a token, a cookie or a password's hash, whether they exist or not."""
    p = config.pixiv
    own = (p.refresh_token_file, p.phpsessid_file, gallery_password_file(config))
    return (*own, p.web_cookie_file) if p.web_cookie_file else own


def _first(credential: str, file: Path, env: Mapping[str, str], what: str) -> tuple[Path, str | None]:
    """Return where a secret lies, in systemd's folder of credentials or this file, and its text; None without."""
    folder = env.get("CREDENTIALS_DIRECTORY")
    place = Path(folder) / credential if folder else file
    text = _read(place, what, is_given=bool(folder))
    return (place, text) if text is not None or not folder else (file, _read(file, what))


def _read(place: Path, what: str, *, is_given: bool = False) -> str | None:
    """Return a file's text; None if there is no file. `is_given`: by systemd, with the mode that it chose."""
    try:
        with place.open("rb") as file:
            if not is_given:
                _refuse_open(os.fstat(file.fileno()), place, what)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(f"the {what} in {place}", error) from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"the {what} in {place} cannot be read: it is larger than {MAX_BYTES >> 20} MiB")
    try:
        return pasted.decoded(data)
    except UnicodeDecodeError as error:
        raise ConfigError(f"the {what} in {place} cannot be read: it is not text") from error


def _refuse_open(found: os.stat_result, place: Path, what: str) -> None:
    """Raise ConfigError for a file of ours that others may read. One of another owner, as a container may put it
    there, has the mode that its owner gives it.
    """
    mode, is_ours = stat.S_IMODE(found.st_mode), found.st_uid == os.geteuid() and not place.is_relative_to(GIVEN)
    if is_ours and mode & 0o077 and stat.S_ISREG(found.st_mode):
        raise ConfigError(
            f"the {what} in {place} may be read by others (mode {mode:04o}): `chmod 600 {place}`, or `pixmirror "
            "check`, which does that"
        )


def unreadable(what: str, error: OSError) -> ConfigError | StorageError:
    """Return the error for a file that cannot be read: ConfigError, unless the system itself fails."""
    sentence = f"{what} cannot be read: {error.strerror}"
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.ESTALE):
        return StorageError(sentence)
    return ConfigError(sentence)


def holds_a_secret(path: Path) -> bool:
    """Return whether a config file holds something that others must not read."""
    try:
        tables: Mapping[str, Any] = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return False
    pixiv, notify, jobs = (tables.get(name, {}) for name in ("pixiv", "notify", "jobs"))
    return (
        any(pixiv.get(key) for key in ("refresh_token", "phpsessid"))
        or "@" in str(pixiv.get("proxy", ""))
        or any(notify.get(key) for key in ("url", "apprise", "ping"))
        or any(job.get("ping") for job in jobs)
    )


def config_to_back_up(path: Path, *, secrets: bool) -> Path | None:
    """Return the config file if a backup may have it: the arguments of a command may be secrets, too."""
    try:
        notify = tomllib.loads(path.read_text("utf-8-sig")).get("notify", {})
    except (OSError, ValueError):
        return None
    return path if secrets or not (holds_a_secret(path) or notify.get("command")) else None
