"""Answers of the App API, kept for a while: handed on once instead of asked for twice, or written for a report."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pixmirror.errors import StorageError
from pixmirror.models import Lane
from pixmirror.pixiv.app import AppApi
from pixmirror.pixiv.wire import flatten

FRESH_MS = 300_000
BLANK = "(blanked)"
_NAMING = ("user_name", "userName", "twitter_account", "twitter_url", "webpage")
_SECRET_KEYS = re.compile(r"token|mail|session|password|secret|csrf", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NAMES_IN_TEXT = re.compile(r'("(?:name|account|userName|user_name|\w*[tT]oken)"\s*:\s*)"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Answer:
    """A raw answer, and when it came (ms UTC)."""

    path: str
    params: Mapping[str, Any]
    body: Any
    at: int = 0


@dataclass(frozen=True)
class RecordingApi(AppApi):
    """The App API, which also keeps what it answered."""

    answers: list[Answer] = field(default_factory=list)

    @classmethod
    def of(cls, api: AppApi) -> Self:
        return cls(api.transport, api.auth, api.identity, api.language, Lane.NEW, api.filter)

    async def get(self, path: str, params: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        body = await super().get(path, params, **kwargs)
        self._keep(path, params, body)
        return body

    async def get_text(self, path: str, params: Mapping[str, Any] | None = None, **kwargs: Any) -> str:
        body = await super().get_text(path, params, **kwargs)
        self._keep(path, params, body)
        return body

    def _keep(self, path: str, params: Mapping[str, Any] | None, body: Any) -> None:
        self.answers.append(Answer(path, dict(params or {}), body, self.transport.clock.now()))


_Asked = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class ReplayingApi(AppApi):
    """The App API, which hands on once what it answered minutes ago in the same language instead of asking again.

    All views of it (`at`) share `had`, so that only one of them uses an answer.
    """

    had: dict[_Asked, Answer] = field(default_factory=dict)

    @classmethod
    def of(cls, api: AppApi, answers: Iterable[Answer]) -> Self:
        made = cls(api.transport, api.auth, api.identity, api.language, api.lane, api.filter)
        made.had.update((made._asked_for(answer.path, answer.params), answer) for answer in answers)
        return made

    async def get(self, path: str, params: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        found = self._handed_on(path, params)
        return await super().get(path, params, **kwargs) if found is None else found.body

    async def get_text(self, path: str, params: Mapping[str, Any] | None = None, **kwargs: Any) -> str:
        found = self._handed_on(path, params)
        return await super().get_text(path, params, **kwargs) if found is None else str(found.body)

    def _handed_on(self, path: str, params: Mapping[str, Any] | None) -> Answer | None:
        if not self.had:
            return None
        oldest = self.transport.clock.now() - FRESH_MS
        for asked in [asked for asked, answer in self.had.items() if answer.at < oldest]:
            del self.had[asked]
        return self.had.pop(self._asked_for(path, params), None)

    def _asked_for(self, path: str, params: Mapping[str, Any] | None) -> _Asked:
        return path, self.language, frozenset(flatten(params or {}))


def write_answers(folder: Path, answers: list[Answer]) -> None:
    """Write each answer to a file, without tokens, mail addresses and names."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, answer in enumerate(answers, 1):
            slug = answer.path.strip("/").replace("/", "-")
            kept = {"path": answer.path, "params": blanked(answer.params), "answer": blanked(answer.body)}
            text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
            (folder / f"{number:02}-{slug}.json").write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(f"The answers cannot be written to {folder}: {error.strerror}.") from error


def blanked(value: Any) -> Any:
    """Return the same shape without what tells who somebody is. Works and their tags stay as they are."""
    if isinstance(value, Mapping):
        person = "account" in value or "mail_address" in value
        return {key: _blank_field(key, inner, person) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [blanked(inner) for inner in value]
    if isinstance(value, str):
        return _NAMES_IN_TEXT.sub(rf'\1"{BLANK}"', _MAIL.sub(BLANK, value))
    return value


def _blank_field(key: str, value: Any, person: bool) -> Any:
    if isinstance(value, str) and value:
        if _SECRET_KEYS.search(key) or key in _NAMING:
            return BLANK
        if person and key in ("name", "account", "comment"):
            return BLANK
    if key in ("profile", "workspace") and isinstance(value, Mapping):
        return {k: BLANK if isinstance(v, str) and v else blanked(v) for k, v in value.items()}
    return blanked(value)
