"""The library for scripts and notebooks: a Client without async, made from the async one.

    with Client(refresh_token) as pixiv:
        print(pixiv.users.detail(11).user.name)
        for work in pixiv.users.illusts(11):
            pixiv.download_work(work, ".")

The words are those of the async client without `await`. A list gives a page, which goes on by itself in `for`.
"""

import asyncio
import functools
import inspect
import threading
import typing
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from pixmirror.errors import InvalidRequest
from pixmirror.models import Account, Listing, Medium, Received
from pixmirror.pixiv import client
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.app.past_cap import past_cap as windows
from pixmirror.pixiv.literals import SortByDate
from pixmirror.pixiv.resources.forms import Blocking, BlockingPaged, asked_for
from pixmirror.pixiv.resources.lazy import AppResources, WebResources
from pixmirror.pixiv.resources.pages import Asked, drained
from pixmirror.pixiv.resources.pages import BlockingPage as Page
from pixmirror.pixiv.resources.pages import BlockingWalk as Walk
from pixmirror.pixiv.web.api import WebApi

__all__ = ["Client", "Page", "Walk"]

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A", AppApi, WebApi)


class _Loop:
    """One event loop in a thread of its own, from the first call until `close`."""

    def __init__(self, last: Callable[[], Awaitable[None]]) -> None:
        self._last = last
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def run(self, make: Callable[[], Awaitable[T]]) -> T:
        """Return what `make` comes to in the loop. Interrupted, it is cancelled and waited for."""
        done: Future[T] = Future()
        tasks: list[asyncio.Task[Any]] = []

        def start() -> None:
            task = asyncio.create_task(_caught(make))
            task.add_done_callback(functools.partial(_settle, done))
            tasks.append(task)

        self._send(start)
        try:
            return done.result()
        except asyncio.CancelledError:
            raise InvalidRequest("The client was closed before the answer came.") from None
        finally:
            if not done.done():  # KeyboardInterrupt, or whatever else a signal handler raises
                self._loop.call_soon_threadsafe(lambda: tasks[0].cancel())
                wait([done])

    def close(self) -> None:
        with self._lock:
            if self._thread is None or self._closed:
                self._closed = True
                return
            self._closed = True
            self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _send(self, start: Callable[[], None]) -> None:
        if threading.current_thread() is self._thread:
            raise InvalidRequest(
                "The client was called out of one of its own callbacks (progress, on_token): it would wait for "
                "itself. Take note there of what is to be done, and do it afterwards."
            )
        with self._lock:
            if self._closed:
                raise InvalidRequest("The client is closed: make a new one.")
            if self._thread is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._live, name="pixmirror.pixiv.blocking", daemon=True)
                self._thread.start()
            self._loop.call_soon_threadsafe(start)

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            self._loop.run_forever()
            runner.run(self._finish())

    async def _finish(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        await self._last()


async def _caught(make: Callable[[], Awaitable[T]]) -> Callable[[Future[T]], None]:
    """Return how the call ended, raise nothing: what is no Exception would end the loop, not the call."""
    try:
        value = await make()
    except BaseException as exc:  # noqa: BLE001 - raised in the thread that called
        failure = exc
        return lambda done: done.set_exception(failure)
    return lambda done: done.set_result(value)


def _settle(done: Future[T], task: "asyncio.Task[Callable[[Future[T]], None]]") -> None:
    if task.cancelled():
        done.set_exception(asyncio.CancelledError())
    else:
        task.result()(done)


def _options_of(
    made: Callable[Concatenate[client.Client, P], None],
) -> Callable[[Callable[..., None]], Callable[Concatenate["Client", P], None]]:
    """Say that the decorated `__init__` takes the same."""

    def said(init: Callable[..., None]) -> Callable[Concatenate["Client", P], None]:
        init.__signature__ = inspect.signature(made)  # type: ignore[attr-defined]
        return init

    return said


def _method(
    method: Callable[Concatenate[client.Client, P], Awaitable[T]],
) -> Callable[Concatenate["Client", P], T]:
    """Return a method of the async client as one of the blocking one."""

    @functools.wraps(method)
    def blocking(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.run(lambda: method(self._async, *args, **kwargs))

    return blocking


class Web(WebResources[Blocking]):
    """The functions of the web's AJAX API: `pixiv.web.illusts.detail(12345)`. LoginNeeded when one is called
    without a session there.
    """

    def __init__(self, form: Blocking) -> None:
        self._form = form


class Client(AppResources[Blocking]):
    """One account at Pixiv, for code that is not async. Options and methods are those of `pixmirror.pixiv.Client`.

    It works where a loop runs already (notebooks), and from several threads. `progress` and `on_token` are called
    in a thread of ours. Ctrl-C ends the call that runs and leaves the client usable; `close`, or the end of
    `with`, ends those of other threads, too.
    """

    web: Web

    @_options_of(client.Client.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._async = client.Client(*args, **kwargs)
        self._loop = _Loop(self._async.aclose)
        made = self._async
        self._form = Blocking(lambda: made.app, self._loop.run)
        self.web = Web(Blocking(lambda: made.web, self._loop.run))
        self._end = weakref.finalize(self, self._loop.close)

    login = _method(client.Client.login)
    authenticate = _method(client.Client.authenticate)
    download = _method(client.Client.download)
    download_work = _method(client.Client.download_work)

    @property
    def account(self) -> Account | None:
        """Who is logged in: all that the login answered, or what a token that was kept tells; None before it."""
        return self._async.account

    @property
    def refresh_token(self) -> str | None:
        """What to keep for another `Client(refresh_token)`. Pixiv may replace it: `on_token` hears of it."""
        return self._async.refresh_token

    @property
    def access_token(self) -> str | None:
        """What the requests carry, for about an hour; None before the first one."""
        return self._async.access_token

    @property
    def language(self) -> str:
        """That of tag translations."""
        return self._async.language

    def call(self, function: Callable[Concatenate[A, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What any async function gives whose first parameter is annotated as AppApi or WebApi."""
        read, api = self._bound(function)
        answer: T = self._loop.run(lambda: read(api, *args, **kwargs))
        return answer

    def items(
        self,
        function: Callable[Concatenate[A, P], Awaitable[Listing[T]]] | BlockingPaged[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Walk[Received[T]]:
        """Yield every item of a list with its raw answer: `for row in pixiv.items(pixiv.users.illusts, 11)`."""
        return Walk(self._asked(function, args, kwargs), self._loop.run, lambda _, listing: listing.items)

    def pages(
        self,
        function: Callable[Concatenate[A, P], Awaitable[Listing[T]]] | BlockingPaged[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Walk[Listing[T]]:
        """Yield every answer of a list, as `items`."""
        return Walk(self._asked(function, args, kwargs), self._loop.run, lambda _, listing: (listing,))

    def iterate(
        self, function: Callable[Concatenate[A, P], AsyncIterator[T]], *args: P.args, **kwargs: P.kwargs
    ) -> Iterator[T]:
        """Return what any async generator gives whose first parameter is annotated as AppApi or WebApi."""
        generate, api = self._bound(function)
        return drained(generate(api, *args, **kwargs), self._loop.run)

    def past_cap(
        self, medium: Medium, word: str, sort: SortByDate = "date_desc", **options: Any
    ) -> Iterator[Received[Any]]:
        """Yield with its raw answer what `search.illusts_past_cap` or `search.novels_past_cap` finds."""
        return drained(windows(self._async.app, medium, word, sort, **options), self._loop.run)

    def close(self) -> None:
        """End the calls that run, the connections and the thread."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            resources, _, web_name = name.partition("web_")  # `web_users` was the name of what is `web.users`
            return getattr(self.web, web_name) if web_name and not resources else super().__getattr__(name)

    def _bound(self, function: Callable[..., Any]) -> tuple[Callable[..., Any], AppApi | WebApi]:
        """Return the async function, and its first argument."""
        function = inspect.unwrap(function)
        kind = _first(function)
        if kind is None:
            raise InvalidRequest(
                f"{getattr(function, '__qualname__', function)!s} is no function that can be called so: its first "
                "parameter must be annotated as AppApi or WebApi."
            )
        return function, self._async.app if kind is AppApi else self._async.web

    def _asked(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Asked[Any]:
        read, api = self._bound(function)
        if "next" not in inspect.signature(read).parameters:
            raise InvalidRequest(f"{read.__qualname__} has no next page: call it, and iterate over what it gives.")
        return asked_for(read, api, args, kwargs)


def _first(function: Callable[..., Any]) -> type[AppApi] | type[WebApi] | None:
    """Return which API a function takes as its first argument."""
    try:
        hints = list(typing.get_type_hints(function).items()) if inspect.isfunction(function) else []
    except (NameError, TypeError):
        return None
    if not hints or hints[0][0] != next(iter(inspect.signature(function).parameters), None):
        return None
    kinds = (hints[0][1], *typing.get_args(hints[0][1]))
    return next((kind for kind in (AppApi, WebApi) if kind in kinds), None)
