"""What an answer says of a work, a user or a novel's text, without what moves by itself; answers and kept payloads
are compared in this form."""

import json
import re
from collections.abc import Mapping
from typing import Any

Content = dict[str, Any]

_DATE = re.compile(r"/img/(\d{4}(?:/\d\d){5})/")
_NOVEL = re.compile(r"\n      novel: (\{.*\}),\n      isOwnWork", re.DOTALL)


def is_stub(raw: Mapping[str, Any]) -> bool:
    """Whether a placeholder stands for the work."""
    return raw.get("visible") is False


def placeholder(raw: Mapping[str, Any]) -> str:
    """The name in the address of the placeholder, with what `restrict` adds to it."""
    found = re.search(r"limit_(\w+?)_360", str(raw.get("image_urls")))
    name = found[1] if found else "unknown"
    return "private" if raw.get("restrict") == 2 else name


def work_content(raw: Mapping[str, Any]) -> Content:
    """Every field of a work that is its own; the user is an id."""
    series = raw.get("series") or {}
    single = (raw.get("meta_single_page") or {}).get("original_image_url")
    pages = [p["image_urls"]["original"] for p in raw.get("meta_pages") or ()]
    file = single or (pages[0] if pages else (raw.get("image_urls") or {}).get("large", ""))
    found = _DATE.search(file)
    return {
        "title": raw["title"],
        "caption": raw["caption"],
        "tags": tuple(tag["name"] for tag in raw["tags"]),
        "x_restrict": raw["x_restrict"],
        "ai_type": raw.get("illust_ai_type", raw.get("novel_ai_type")),
        "page_count": raw["page_count"],
        "series_id": series.get("id") or 0,
        "series_title": series.get("title"),
        "file": found[1] if found else file,
        "files": _named(raw, [single] if single else pages),
        "user_id": (raw.get("user") or {}).get("id"),
    }


def _named(raw: Mapping[str, Any], originals: list[str]) -> dict[str, str]:
    """The files that an answer names, as the time machine calls them. A ugoira's one is only its first frame."""
    if raw.get("type") == "ugoira" or "meta_pages" not in raw:
        return {}
    return {f"page {n}": url for n, url in enumerate(originals)}


def shows(content: Content, wanted: Mapping[str, Any]) -> bool:
    """Whether the content has these values."""
    return all(content.get(name) == value for name, value in wanted.items())


def user_content(raw: Mapping[str, Any]) -> Content:
    """A user as lists show it."""
    avatar = (raw.get("profile_image_urls") or {}).get("medium")
    return {"id": raw["id"], "name": raw["name"], "account": raw["account"], "avatar": avatar}


def profile_content(raw: Mapping[str, Any]) -> Content:
    """A whole profile, without its totals."""
    return user_content(raw["user"]) | {
        "comment": raw["user"]["comment"],
        "background": raw["profile"]["background_image_url"],
    }


def novel_text(page: str) -> str:
    """The text in the page of a novel."""
    found = _NOVEL.search(page)
    assert found is not None
    return str(json.loads(found[1])["text"])
