"""Refresh tokens that are there already: in a file, or in the settings of another program."""

import configparser
import io
import json
import os
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pixmirror.errors import ConfigError

PROGRAMS = ("gallery-dl", "pixivutil2")
MAX_SETTINGS = 4 << 20
_CACHE_KEY = "gallery_dl.extractor.pixiv._refresh_token_cache%"


def is_address(text: str) -> bool:
    """A callback address rather than a bare code or token."""
    return "://" in text or "code=" in text


def one_token(text: str, place: str) -> str:
    """The one token in a text, without what copying adds around it."""
    token = text.strip().strip("'\"").strip()
    if not token:
        raise ConfigError(f"There is no token in {place}: it is empty.")
    if len(token.split()) != 1 or len(token) > 512 or not token.isprintable() or not token.isascii():
        raise ConfigError(
            f"There is no token in {place}: a refresh token is one word of letters, digits, - and _."
        )
    return token


def read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_SETTINGS).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not text.") from error


def of_program(program: str, path: Path | None) -> tuple[str, Path]:
    """The token that another program uses, and where it stood."""
    if program == "gallery-dl":
        places = [path] if path else list(_gallery_dl_places())
        found = _first(places, _gallery_dl_token)
    elif program == "pixivutil2":
        places = [path] if path else [Path.cwd(), Path.home() / "PixivUtil2", Path.home() / "PixivUtil2-master"]
        found = _first([p / "config.ini" if p.is_dir() else p for p in places], _pixivutil2_token)
    else:
        raise ConfigError(f"--from knows {' and '.join(PROGRAMS)}, not {program!r}.")
    if found is None:
        looked = ", ".join(map(str, places))
        raise ConfigError(f"No refresh token of {program} was found in {looked}; --path FILE names another place.")
    return one_token(found[0], str(found[1])), found[1]


def _first(places: list[Path], read: Any) -> tuple[str, Path] | None:
    for place in places:
        if place.is_file() and (token := read(place)):
            return token, place
    return None


def _gallery_dl_places() -> Iterator[Path]:
    """Its settings, then its cache, as gallery-dl itself looks for them."""
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    yield from (Path("/etc/gallery-dl.conf"), config / "gallery-dl" / "config.json", home / ".gallery-dl.conf")
    if appdata := os.environ.get("APPDATA"):
        yield from (Path(appdata) / "gallery-dl" / "config.json", Path(appdata) / "gallery-dl" / "cache.sqlite3")
    yield cache / "gallery-dl" / "cache.sqlite3"


def _gallery_dl_token(path: Path) -> str | None:
    if path.suffix in (".sqlite3", ".sqlite", ".db"):
        return _gallery_dl_cache(path)
    try:
        settings = json.loads(read_text(path))
    except ValueError:
        return None
    value: Any = settings
    for key in ("extractor", "pixiv", "refresh-token"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value not in ("", "cache") else None


def _gallery_dl_cache(path: Path) -> str | None:
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    query = "SELECT value FROM data WHERE key LIKE ? ORDER BY expires DESC"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as cache:
            values = [row[0] for row in cache.execute(query, (_CACHE_KEY,))]
    except sqlite3.Error:
        return None
    return next((text for value in values if (text := _pickled_text(value))), None)


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
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        settings.read_string(read_text(path))
    except configparser.Error:
        return None
    for section in settings.sections():
        if section.lower() == "authentication":
            return settings[section].get("refresh_token") or settings[section].get("refreshtoken") or None
    return None
