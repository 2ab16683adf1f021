"""Answers of the App API that are kept for a while: to be recorded, and not to be asked for twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pixmirror.models import Lane
from pixmirror.pixiv import AppApi
from pixmirror.pixiv.wire import flatten

FRESH_MS = 300_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A raw answer, and when it came."""

    path: str
    params: Mapping[str, Any]
    body: Any
    at: int = 0


@dataclass(frozen=True)
class RecordingApi(AppApi):
    """The App API, remembering what it answered."""

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
    """The App API; what it answered minutes ago, in the same language, is handed on once instead of asked for.

    `had` is shared by all views of it (`at`), so that each answer is used by one of them.
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
