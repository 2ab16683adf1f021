"""A login that was begun with `login --start` and waits for its code."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pixmirror.cli.common import Session
from pixmirror.errors import StorageError

if TYPE_CHECKING:
    from pixmirror.pixiv import PendingLogin

FILE = "pending-login.json"
APP_HOST = "app-api.pixiv.net"


def new(s: Session) -> "PendingLogin":
    from pixmirror.pixiv import new_login

    hosts: Mapping[str, str] = s.config.pixiv.hosts
    return new_login(hosts.get(APP_HOST, f"https://{APP_HOST}"))


def begin(s: Session) -> "PendingLogin":
    """Begin a login, kept in the mirror's root even while a daemon holds it: it is no part of the mirror."""
    from pixmirror.store.part import write_atomic

    login = new(s)
    text = json.dumps({"url": login.url, "verifier": login.verifier}) + "\n"
    try:
        s.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(s.root / FILE, s.root / f".{FILE}.part", text.encode(), 0o600)
    except OSError as error:
        raise StorageError(f"{s.root / FILE} cannot be written: {error.strerror}.") from error
    return login


def load(s: Session) -> "PendingLogin | None":
    from pixmirror.pixiv import PendingLogin

    try:
        kept = json.loads((s.root / FILE).read_text("utf-8"))
        return PendingLogin(str(kept["url"]), str(kept["verifier"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(s: Session) -> None:
    (s.root / FILE).unlink(missing_ok=True)
