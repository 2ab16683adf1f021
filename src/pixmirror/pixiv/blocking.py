"""The library for scripts and notebooks: a Client without async, made from the async one.

    with Client(refresh_token) as pixiv:
        artist = pixiv.users.detail(11)
        for received in pixiv.items(pixiv.users.illusts, 11):
            pixiv.download_work(received.item, "pictures")

Every module of `pixmirror.pixiv.app` is there under its name, every one of `pixmirror.pixiv.web` as `web_<name>`,
and its functions without their first argument. A type checker learns nothing of those; with the async function
itself it does, and the rest is the same: `pixiv.call(users.detail, 11)`, `pixiv.items(users.illusts, 11)`.
"""

import asyncio
import functools
import importlib
import inspect
import pkgutil
import threading
import typing
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from types import ModuleType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from pixmirror.errors import InvalidRequest
from pixmirror.models import Account, Listing, Received
from pixmirror.pixiv import app, client, paging, web
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.app.past_cap import past_cap as windows
from pixmirror.pixiv.web.api import WebApi
from pixmirror.pixiv.wire import Next

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A", AppApi, WebApi)
PACKAGES = {"": app, "web_": web}


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


class Walk(Generic[T]):
    """An iterator over a list, page by page. `next` is where to go on later: `pixiv.items(function, ..., next=it)`
    begins with the page that the last item came from, or that could not be had (None: with the first one).
    """

    def __init__(self, next: Next) -> None:
        self.next = next
        self._found: Iterator[T] = iter(())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return next(self._found)


class Functions:
    """The functions of a module, without their first argument; `dir` lists them, `help` shows what they say."""

    def __init__(self, client: "Client", module: ModuleType) -> None:
        self._client = client
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = _public(self._module).get(name)
        if found is None:
            raise AttributeError(f"{self._module.__name__} has no {name}; it has {', '.join(dir(self))}.")
        if _first(found) is None:
            return found
        how = self._client.iterate if inspect.isasyncgenfunction(found) else self._client.call
        return _without_first(found, functools.partial(how, found))

    def __dir__(self) -> list[str]:
        return sorted(_public(self._module))

    def __repr__(self) -> str:
        return f"<{self._module.__name__}: {', '.join(dir(self))}>"


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


class Client:
    """One account at Pixiv, for code that is not async. Options and methods are those of `pixmirror.pixiv.Client`.

    It works where a loop runs already (notebooks), and from several threads. `progress` and `on_token` are called
    in a thread of ours. Ctrl-C ends the call that runs and leaves the client usable; `close`, or the end of
    `with`, ends those of other threads, too.
    """

    @_options_of(client.Client.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._async = client.Client(*args, **kwargs)
        self._loop = _Loop(self._async.aclose)
        self._end = weakref.finalize(self, self._loop.close)

    login = _method(client.Client.login)
    authenticate = _method(client.Client.authenticate)
    download = _method(client.Client.download)
    download_work = _method(client.Client.download_work)

    @property
    def account(self) -> Account | None:
        """Who is logged in, as far as the token says; None before the first request."""
        return self._async.account

    def call(self, function: Callable[Concatenate[A, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What an endpoint function gives: `pixiv.call(users.detail, 11)`. Any async function will do whose first
        parameter is annotated as AppApi or WebApi.
        """
        read, api = self._bound(function)
        answer: T = self._loop.run(lambda: read(api, *args, **kwargs))
        return answer

    def items(
        self, function: Callable[Concatenate[A, P], Awaitable[Listing[T]]], *args: P.args, **kwargs: P.kwargs
    ) -> Walk[Received[T]]:
        """Yield every readable item of a list function: `for row in pixiv.items(pixiv.users.illusts, 11)`."""
        return self._walk(paging.items, web.items, function, args, kwargs)

    def pages(
        self, function: Callable[Concatenate[A, P], Awaitable[Listing[T]]], *args: P.args, **kwargs: P.kwargs
    ) -> Walk[Listing[T]]:
        """Yield every page of a list function, as `items`."""
        return self._walk(paging.pages, web.pages, function, args, kwargs)

    def iterate(
        self, function: Callable[Concatenate[A, P], AsyncIterator[T]], *args: P.args, **kwargs: P.kwargs
    ) -> Iterator[T]:
        """Return what an async generator gives: `pixiv.iterate(past_cap, "illust", "風景")`."""
        generate, api = self._bound(function)
        return self._drained(generate(api, *args, **kwargs))

    def past_cap(self, medium: str, word: str, sort: str = "date_desc", **options: Any) -> Iterator[Received[Any]]:
        return self._drained(windows(self._async.app, medium, word, sort, **options))

    past_cap.__doc__ = windows.__doc__

    def close(self) -> None:
        """End the calls that run, the connections and the thread."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Functions:
        if module := _modules().get(name):
            return Functions(self, module)
        raise AttributeError(f"Client has no {name}. The modules of functions are {', '.join(_modules())}.")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_modules()})

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

    def _walk(
        self,
        by_app: Callable[..., AsyncIterator[T]],
        by_web: Callable[..., AsyncIterator[T]],
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Walk[T]:
        read, api = self._bound(function)
        if "next" not in inspect.signature(read).parameters:
            raise InvalidRequest(f"{read.__qualname__} has no next page: call it, and iterate over what it gives.")
        walk: Walk[T] = Walk(kwargs.pop("next", None))

        async def page(*, next: Next) -> Any:
            walk.next = next
            return await read(api, *args, **kwargs, next=next)

        walk._found = self._drained((by_app if isinstance(api, AppApi) else by_web)(page, next=walk.next))
        return walk

    def _drained(self, found: AsyncIterator[T]) -> Iterator[T]:
        while True:
            try:
                item = self._loop.run(found.__anext__)
            except StopAsyncIteration:
                return
            yield item


_OWN = frozenset(vars(Client))  # the names that a module of functions cannot have


@functools.cache
def _modules() -> Mapping[str, ModuleType]:
    """Return the modules of endpoint functions, by the name that they have here."""
    found: dict[str, ModuleType] = {}
    for prefix, package in PACKAGES.items():
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            name = prefix + info.name
            if name not in _OWN and any(map(_first, _public(module).values())):
                found[name] = module
    return found


def _public(module: ModuleType) -> dict[str, Any]:
    """Return the functions and classes that a module defines for others."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__ and callable(value)
    }


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


def _without_first(function: Callable[..., Any], bound: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def blocking(*args: Any, **kwargs: Any) -> Any:
        return bound(*args, **kwargs)

    signature = inspect.signature(function)
    blocking.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=list(signature.parameters.values())[1:]
    )
    return blocking
