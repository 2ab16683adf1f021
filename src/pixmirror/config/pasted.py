"""Tokens and cookies as people have them: copied with quotes, saved by PowerShell, exported by a browser."""

import json
import re
from collections.abc import Iterator
from typing import Any

# Byte order marks, zero-width characters, soft hyphens: what web pages and editors add and nobody sees.
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad\u200e\u200f\0"))
_AROUND = " \t\r\n\v\f\u00a0\u3000'\"`<>,;\u2018\u2019\u201c\u201d\u00ab\u00bb"
_LABELLED_TOKEN = re.compile(r"refresh[-_ ]?token[\"'\s]*[:=][\"'\s]*([\w.~-]+)", re.IGNORECASE | re.ASCII)
_HEADER = re.compile(r"(?:^|[\n'\"])[ \t]*cookie[ \t]*:[ \t]*([^\r\n'\"]+)", re.IGNORECASE)
_CURL = re.compile(r"(?:^|\s)(?:-b|--cookie)\s+\$?(['\"])(.+?)\1")
_NAME = re.compile(r"[!#$%&'*+.^_`|~\w-]+", re.ASCII)
_VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e]*")
_SESSION = re.compile(r"\d{1,12}_\w{1,120}", re.ASCII)
_SITE = ("pixiv.net", "www.pixiv.net")

Cookie = tuple[str, str]


def decoded(data: bytes) -> str:
    """Decode a file's bytes: UTF-8 or, as PowerShell writes it, UTF-16; UnicodeDecodeError otherwise."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def bare(text: str) -> str:
    """Strip what copying adds to a text: invisible marks, spaces, quotes."""
    return text.translate(_UNSEEN).strip(_AROUND)


def token_in(text: str) -> str:
    """Find the refresh token in a text: alone, or behind its name as scripts and config files have it."""
    found = _LABELLED_TOKEN.search(text.translate(_UNSEEN))
    return found[1] if found else bare(text)


def session_in(text: str) -> str:
    """Find the PHPSESSID in a text: alone, with its name, or among cookies as `cookies_in` reads them."""
    alone = bare(text).removeprefix("PHPSESSID").lstrip(" \t:=").strip(_AROUND)
    if _SESSION.fullmatch(alone):
        return alone
    return dict(_pairs(cookies_in(text))).get("PHPSESSID", alone)


def cookies_in(text: str) -> str:
    """Make a Cookie header from one, or from what browsers and their extensions export.

    Read are cookies.txt (Netscape), JSON lists, rows of the developer tools, and a request copied as cURL. Of
    those only what www.pixiv.net would get is taken. Anything else comes back as it is.
    """
    text = text.translate(_UNSEEN).strip()
    rows = list(_json(text) if text[:1] in ("[", "{") else _table(text))
    if rows:
        return "; ".join(f"{name}={value}" for name, value in _one_each(rows))
    header = _CURL.search(text)
    found = header[2] if header else (_HEADER.search(text) or ("", text))[1]
    return found.strip(_AROUND)


def _json(text: str) -> Iterator[Cookie]:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(data, dict) and isinstance(data.get("cookies"), list):
        data = data["cookies"]
    if isinstance(data, dict):
        data = [{"name": name, "value": value} for name, value in data.items()]
    for entry in data if isinstance(data, list) else ():
        if isinstance(entry, dict) and _is_of_site(_first(entry, "domain", "host", "Host raw") or _SITE[0]):
            yield from _pair(_first(entry, "name", "Name raw"), _first(entry, "value", "Content raw"))


def _first(entry: dict[str, Any], *keys: str) -> object:
    """Return what an entry has under the first of these names, in which extensions differ."""
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _table(text: str) -> Iterator[Cookie]:
    """Read rows of cookies.txt (domain first) or of the developer tools (name first)."""
    for line in text.splitlines():
        cells = line.strip().removeprefix("#HttpOnly_").split("\t")
        if len(cells) < 3:
            cells = line.strip().removeprefix("#HttpOnly_").split()
        if len(cells) >= 7 and _is_of_site(cells[0]):
            yield from _pair(cells[5], cells[6])
        elif len(cells) >= 3 and _is_of_site(cells[2]):
            yield from _pair(cells[0], cells[1])


def _is_of_site(domain: object) -> bool:
    return str(domain).lower().rpartition("://")[2].strip("./") in _SITE


def _pair(name: object, value: object) -> Iterator[Cookie]:
    text = str(value).strip().strip('"') if isinstance(value, str | int) else None
    if isinstance(name, str) and text is not None and _NAME.fullmatch(name) and _VALUE.fullmatch(text):
        yield name, text


def _one_each(rows: list[Cookie]) -> list[Cookie]:
    """Keep one value for each name; of several PHPSESSIDs that of a login."""
    found: dict[str, str] = {}
    for name, value in rows:
        if name == "PHPSESSID" and _SESSION.fullmatch(found.get(name, "")) and not _SESSION.fullmatch(value):
            continue
        found[name] = value
    return list(found.items())


def _pairs(header: str) -> Iterator[Cookie]:
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            yield name, value.strip(_AROUND)
