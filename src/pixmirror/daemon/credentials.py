"""Which token we use, and credentials.json: the access token kept across runs, tied to the configured one."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pixmirror.models import Token
from pixmirror.store import MirrorRoot

FILE = "credentials.json"


def digest(refresh_token: str | None) -> str | None:
    return hashlib.sha256(refresh_token.encode()).hexdigest()[:16] if refresh_token else None


def load(root: MirrorRoot, configured: str | None) -> tuple[str | None, Token | None]:
    """The refresh token to use, and the access token of the last run if it belongs to it.

    A token stored by `pixmirror login`, or rotated by Pixiv, stands until the configured one changes.
    """
    text = root.read_secret(FILE)
    try:
        kept: dict[str, Any] = json.loads(text) if text else {}
        token = Token(**kept["token"])
    except (ValueError, TypeError, KeyError):
        return configured, None
    if configured is not None and kept.get("configured") != digest(configured):
        return configured, None
    return token.refresh_token, token


def save(root: MirrorRoot, configured: str | None, token: Token) -> None:
    kept = {"configured": digest(configured), "token": asdict(token)}
    root.write_secret(FILE, json.dumps(kept, indent=1) + "\n")


def saver(root: MirrorRoot, configured: str | None) -> Callable[[Token], None]:
    return lambda token: save(root, configured, token)
