"""Tell systemd that we are ready and alive."""

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)


def sd_notify(state: str, env: Mapping[str, str] | None = None) -> bool:
    """Send READY=1, STOPPING=1, WATCHDOG=1 or STATUS=...; False when no systemd listens."""
    address = (os.environ if env is None else env).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError as error:
            log.debug("systemd could not be told %s: %s", state, error)
            return False
    return True


def watchdog_interval(env: Mapping[str, str] | None = None) -> float | None:
    """Return the seconds between two WATCHDOG=1: half of what systemd allows. None when it does not watch us."""
    env = os.environ if env is None else env
    limit = env.get("WATCHDOG_USEC", "")
    if not limit.isdecimal() or int(limit) == 0 or env.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(limit) / 2_000_000
