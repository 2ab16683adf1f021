"""What an answer tells of a work, and what it tells beside it, which is no version of the work."""

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import canonical, digest_text, digest_work
from pixmirror.catalogue.seen import Seen
from pixmirror.ingest.payloads import keep_payload
from pixmirror.models import Illust, Novel, Received

_DECORATION = ("event_banners", "seasonal_effect_animation_urls")


def digest(received: Received[Illust | Novel], text: str, latest: tuple[int, bytes] | None) -> bytes:
    """Return the digest that tells an answer from the latest of its class, in an older form if that fits."""
    said = text
    if received.item.event_banners or received.item.seasonal_effect_animation_urls:
        said = canonical({name: value for name, value in received.raw.items() if name not in _DECORATION})
    found = digest_work(said)
    if latest is not None and latest[1] != found and latest[1] == digest_text(text):
        return latest[1]
    return found


def keep_decoration(conn: Connection, seen: Seen, works: Sequence[Illust | Novel]) -> None:
    """Keep banners and animations that Pixiv shows beside works for a season: each once, with the day it came."""
    for name in _DECORATION:
        shown = {canonical(value) for work in works if (value := getattr(work, name))}
        for text in sorted(shown):
            owner = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], "big")
            keep_payload(conn, "decoration", owner, name, json.loads(text), seen.now)
