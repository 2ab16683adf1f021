"""credentials.json: the login to the app that is kept across runs, and what is seen of it from outside."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Literal

from pixmirror.errors import ConfigError, LoginNeeded, StorageError
from pixmirror.models import Token
from pixmirror.store.root import MirrorRoot

Login = Literal["known", "untried", "none"]

FILE = "credentials.json"
_TYPES = {"access_token": str, "refresh_token": str, "user_name": str, "user_account": str, "is_premium": bool}


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


def login(root: MirrorRoot, configured: str | None) -> Login:
    """Look whether there is a login, and whether it was ever used."""
    try:
        refresh, token = load(root, configured)
    except StorageError:
        return "known"  # another user's mirror: nothing is told of what cannot be seen
    return "none" if refresh is None else "known" if token is not None else "untried"


def written_at(root: MirrorRoot) -> int:
    """Return when the file was last written, ms UTC; 0 if it is not there."""
    try:
        return int((root.root / FILE).stat().st_mtime * 1000)
    except OSError:
        return 0
