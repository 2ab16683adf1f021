"""Refresh tokens that are there already: in a file, or in the settings of another program."""

import io
import json
import os
import pickle
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pixmirror.config import home_folder
from pixmirror.config.pasted import decoded, token_in
from pixmirror.errors import ConfigError

PROGRAMS = ("gallery-dl", "pixivutil2")
MAX_SETTINGS = 4 << 20
_CACHE_KEY = "gallery_dl.extractor.pixiv._refresh_token_cache-"
_CACHES = (".sqlite3", ".sqlite", ".db")
_LOOKS_LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,}")
_SECTION = re.compile(r"\s*\[([^]]*)\]")
_SETTING = re.compile(r"\s*refresh_?token\s*[=:]\s*(\S+)", re.IGNORECASE)


def is_address(text: str) -> bool:
    """True if a text is a callback address rather than a bare code or token."""
    return "://" in text or "code=" in text


def one_token(text: str, place: str) -> str:
    """Return the one token in a text, without what copying adds around it."""
    token = token_in(text)
    if not token:
        raise ConfigError(f"There is no token in {place}: it is empty.")
    if len(token.split()) != 1 or len(token) > 512 or not token.isprintable() or not token.isascii():
        raise ConfigError(
            f"There is no token in {place}: a refresh token is one word of letters, digits, - and _."
        )
    return token


def read_text(path: Path) -> str:
    """Return the text of a file, as `pasted.decoded` reads it."""
    return as_text(_read(path), str(path))


def as_text(data: bytes, place: str) -> str:
    try:
        return decoded(data)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place} is not text.") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_SETTINGS)
    except OSError as error:
        if _LOOKS_LIKE_A_TOKEN.fullmatch(str(path)):
            raise ConfigError("That looks like a token, where the name of a file with it is due.") from None
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def of_program(program: str, path: Path | None) -> list[tuple[str, Path]]:
    """Return the tokens that another program keeps, that which it would use first, and where each stood."""
    found: list[tuple[str, Path]]
    if program == "gallery-dl":
        places = _of_folder(path, ("config.json", "cache.sqlite3")) if path else list(_gallery_dl_places())
        found = _gallery_dl_tokens(places)
    elif program == "pixivutil2":
        home = _home()
        usual = [Path.cwd(), *((home / "PixivUtil2", home / "PixivUtil2-master") if home else ())]
        places = [file for place in ([path] if path else usual) for file in _of_folder(place, ("config.ini",))]
        found = [(token, place) for place in places if place.is_file() and (token := _pixivutil2_token(place))]
    else:
        raise ConfigError(f"--from knows {' and '.join(PROGRAMS)}, not {program!r}.")
    if not found:
        looked = ", ".join(map(str, dict.fromkeys(places))) or "your home, which is not known (HOME is not set)"
        raise ConfigError(f"No refresh token of {program} was found in {looked}; --path FILE names another place.")
    return [(one_token(token, str(place)), place) for token, place in found]


def _of_folder(place: Path, names: tuple[str, ...]) -> list[Path]:
    return [place / name for name in names] if place.is_dir() else [place]


def _home() -> Path | None:
    return home_folder(os.environ)


def _gallery_dl_places() -> Iterator[Path]:
    """Its settings, then its cache, as gallery-dl itself looks for them."""
    home = _home()
    config = os.environ.get("XDG_CONFIG_HOME") or (home and home / ".config")
    cache = os.environ.get("XDG_CACHE_HOME") or (home and home / ".cache")
    yield Path("/etc/gallery-dl.conf")
    if config:
        yield Path(config) / "gallery-dl" / "config.json"
    if home:
        yield from (home / ".config" / "gallery-dl" / "config.json", home / ".gallery-dl.conf")
    if appdata := os.environ.get("APPDATA"):
        yield from (Path(appdata) / "gallery-dl" / "config.json", Path(appdata) / "gallery-dl" / "cache.sqlite3")
    if cache:
        yield Path(cache) / "gallery-dl" / "cache.sqlite3"


def _gallery_dl_tokens(places: list[Path]) -> list[tuple[str, Path]]:
    """Tokens of its settings, the last first, as later files win there; then those of its caches."""
    found: list[tuple[str, Path]] = []
    caches, user = [place for place in places if place.suffix in _CACHES], None
    for place in dict.fromkeys(places):
        if place in caches or not place.is_file():
            continue
        settings = _settings(place)
        if token := _setting(settings, "refresh-token", ("extractor", "pixiv"), ("extractor",)):
            found.insert(0, (token, place))
        user = _setting(settings, "username", ("extractor", "pixiv"), ("extractor",)) or user
        if file := _setting(settings, "file", ("cache",)):
            caches.insert(0, _as_gallery_dl_expands(file))
    found = [(token, place) for token, place in found if token != "cache"]
    for place in dict.fromkeys(caches):
        if place.is_file():
            found += [(token, place) for token in _cached(place, user)]
    return list({token: (token, place) for token, place in reversed(found)}.values())[::-1]


def _as_gallery_dl_expands(file: str) -> Path:
    home = _home()
    text = os.path.expandvars(file)
    return home / text[2:] if home and text.startswith("~/") else Path(text)


def _settings(path: Path) -> object:
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError, ConfigError):
        return None


def _setting(settings: object, key: str, *tables: tuple[str, ...]) -> str | None:
    """Return the first text that one of these tables has under the key."""
    for table in tables:
        value: Any = settings
        for name in (*table, key):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            return value
    return None


def _cached(path: Path, user: str | None) -> list[str]:
    """Return the tokens of a cache: that of the configured user, as gallery-dl would take it, then the others.

    `expires` 0 is never; an old one that has long run out may still be good.
    """
    uri = f"file:{quote(os.fsencode(path.resolve()))}?mode=ro"
    query = (
        "SELECT value FROM data WHERE substr(key, 1, ?) = ? ORDER BY key = ? DESC, expires = 0 DESC, expires DESC"
    )
    try:
        with closing(sqlite3.connect(uri, uri=True)) as cache:
            rows = cache.execute(query, (len(_CACHE_KEY), _CACHE_KEY, f"{_CACHE_KEY}{user}")).fetchall()
    except sqlite3.Error:
        return []
    return [text for (value,) in rows if (text := _pickled_text(value))]


class _OnlyPlainValues(pickle.Unpickler):
    """A pickle may hold code; this one can hold nothing that has to be looked up."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not a plain value")


def _pickled_text(value: Any) -> str | None:
    if not isinstance(value, bytes) or len(value) > MAX_SETTINGS:
        return None
    try:
        text = _OnlyPlainValues(io.BytesIO(value)).load()
    except Exception:  # noqa: BLE001  (a broken pickle can raise anything)
        return None
    return text if isinstance(text, str) else None


def _pixivutil2_token(path: Path) -> str | None:
    """Line by line: the rest of the file may be in any encoding that Windows has, the token is ASCII."""
    data = _read(path)
    try:
        text = as_text(data, str(path))
    except ConfigError:
        text = data.decode("latin-1")
    section = ""
    for line in text.splitlines():
        if found := _SECTION.match(line):
            section = found[1].strip().lower()
        elif section == "authentication" and (found := _SETTING.match(line)):
            return found[1]
    return None
