"""What becomes of an endpoint function in a client: one definition, read by both clients and by type checkers.

    class Users(Resource[F], of=users):
        detail = One(users.detail)          # gives a model
        illusts = Paged(users.illusts)      # gives a page, or all items
        follow_add = Plain(users.follow_add)

In the async client `Users` is a `Resource[Async]`, in the blocking one a `Resource[Blocking]`. Parameters and
their types are those of the function, but for its first one, the API.
"""

import functools
import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from types import ModuleType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    get_args,
    overload,
)

from pixmirror.models import Listing, Medium, Received
from pixmirror.pixiv import paging
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.app.past_cap import past_cap
from pixmirror.pixiv.cursors import agrees
from pixmirror.pixiv.resources.pages import Asked, BlockingPage, Run, Walk, drained

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")
Function = Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]


class AsyncOne(Protocol[P, T_co]):
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T_co]: ...
    def received(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Received[T_co]]: ...


class BlockingOne(Protocol[P, T_co]):
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co: ...
    def received(self, *args: P.args, **kwargs: P.kwargs) -> Received[T_co]: ...


class AsyncPaged(Protocol[P, T]):
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Walk[T]: ...
    def received(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Listing[T]]: ...


class BlockingPaged(Protocol[P, T]):
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> BlockingPage[T]: ...
    def received(self, *args: P.args, **kwargs: P.kwargs) -> Listing[T]: ...


class Async:
    """How the async client calls: what a function gives is awaited."""

    def __init__(self, api: Callable[[], Any]) -> None:
        self.api = api

    def plain(self, function: Function[..., T]) -> Callable[..., Coroutine[Any, Any, T]]:
        return lambda *args, **kwargs: function(self.api(), *args, **kwargs)

    def one(self, function: Function[..., Received[T]]) -> Callable[..., Coroutine[Any, Any, T]]:
        async def ask(*args: Any, **kwargs: Any) -> T:
            return (await function(self.api(), *args, **kwargs)).item

        return ask

    def paged(self, function: Function[..., Listing[T]]) -> Callable[..., Walk[T]]:
        return lambda *args, **kwargs: Walk(asked_for(function, self.api(), args, kwargs))

    def stream(self, function: Callable[..., AsyncIterator[T]]) -> Callable[..., AsyncIterator[T]]:
        return lambda *args, **kwargs: function(self.api(), *args, **kwargs)


class Blocking:
    """How the blocking client calls: `run` waits for what a function gives."""

    def __init__(self, api: Callable[[], Any], run: Run) -> None:
        self.api = api
        self.run = run

    def plain(self, function: Function[..., T]) -> Callable[..., T]:
        return lambda *args, **kwargs: self.run(lambda: function(self.api(), *args, **kwargs))

    def one(self, function: Function[..., Received[T]]) -> Callable[..., T]:
        return lambda *args, **kwargs: self.run(lambda: function(self.api(), *args, **kwargs)).item

    def paged(self, function: Function[..., Listing[T]]) -> Callable[..., BlockingPage[T]]:
        def ask(*args: Any, **kwargs: Any) -> BlockingPage[T]:
            asked = asked_for(function, self.api(), args, kwargs)
            return BlockingPage(asked, self.run(lambda: asked.read(next=asked.next)), self.run)

        return ask

    def stream(self, function: Callable[..., AsyncIterator[T]]) -> Callable[..., Iterator[T]]:
        return lambda *args, **kwargs: drained(function(self.api(), *args, **kwargs), self.run)


F = TypeVar("F", Async, Blocking)


class Resource(Generic[F]):
    """The functions of a module; what else it has for others is there, too."""

    _module: ClassVar[ModuleType]

    def __init_subclass__(cls, of: ModuleType) -> None:
        super().__init_subclass__()
        cls._module, cls.__doc__ = of, re.sub(r" \((document|pixiv\.md) [^)]*\)", "", of.__doc__ or "")

    def __init__(self, form: F) -> None:
        self._form: F = form

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            found = getattr(self._module, name, None)
            if name.startswith("_") or getattr(found, "__module__", None) != self._module.__name__:
                raise AttributeError(f"{self._module.__name__} has no {name}; it has {', '.join(dir(self))}.")
            return found

    def __dir__(self) -> list[str]:
        return [name for name in vars(type(self)) if not name.startswith("_")]

    def __repr__(self) -> str:
        return f"<{self._module.__name__}: {', '.join(dir(self))}>"


class Endpoint(Generic[A, B]):
    """A function before it is looked up: `A` is what the async client has of it, `B` the blocking one."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def _in(self, form: Any) -> Callable[..., Any]:
        raise NotImplementedError

    @overload
    def __get__(self, resource: None, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, resource: Resource[Async], owner: type) -> A: ...
    @overload
    def __get__(self, resource: Resource[Blocking], owner: type) -> B: ...
    def __get__(self, resource: Resource[Any] | None, owner: type) -> Any:
        if resource is None:  # its help page, which shows a class
            return shown(lambda *args, **kwargs: self.function(*args, **kwargs), self.function)
        made = vars(resource)[self.name] = self._in(resource._form)
        return made


class Plain(Endpoint[Callable[P, Coroutine[Any, Any, T]], Callable[P, T]], Generic[P, T]):
    """A function that gives what it says, or nothing."""

    def __init__(self, function: Function[P, T]) -> None:
        super().__init__(function)

    def _in(self, form: Any) -> Callable[..., Any]:
        return shown(form.plain(self.function), self.function)


class One(Endpoint[AsyncOne[P, T], BlockingOne[P, T]], Generic[P, T]):
    """A function that gives one thing; `received` gives the whole answer with it."""

    def __init__(self, function: Function[P, Received[T]]) -> None:
        super().__init__(function)

    def _in(self, form: Any) -> Callable[..., Any]:
        (model,) = get_args(inspect.signature(self.function).return_annotation)
        return with_received(shown(form.one(self.function), self.function, model), form, self.function)


class Paged(Endpoint[AsyncPaged[P, T], BlockingPaged[P, T]], Generic[P, T]):
    """A function that gives a list; `received` gives the whole answer that one page of it was."""

    def __init__(self, function: Function[P, Listing[T]]) -> None:
        super().__init__(function)

    def _in(self, form: Any) -> Callable[..., Any]:
        (model,) = get_args(inspect.signature(self.function).return_annotation)
        gives = Walk if isinstance(form, Async) else BlockingPage
        made = shown(form.paged(self.function), self.function, gives[model])
        return with_received(made, form, self.function)


class PastCap(Endpoint[Callable[P, AsyncIterator[T]], Callable[P, Iterator[T]]], Generic[P, T]):
    """A search that goes on past 5000 (`app.past_cap`)."""

    def __init__(self, medium: Medium, function: Function[P, Listing[T]]) -> None:
        async def works(api: AppApi, *args: Any, **kwargs: Any) -> AsyncIterator[T]:
            given = inspect.signature(function).bind(api, *args, **kwargs).arguments
            options = {name: value for name, value in given.items() if name != "api"}
            async for received in past_cap(api, medium, **options):
                yield received.item

        super().__init__(functools.wraps(function)(works))
        self.function.__doc__ = (
            f"What search.{function.__name__} finds, also past 5000, by windows of dates; `sort` is date_desc or "
            "date_asc, `offset` and `next` are not for this. OffsetCap: more than 5000 works of one day."
        )

    def _in(self, form: Any) -> Callable[..., Any]:
        (model,) = get_args(inspect.signature(self.function).return_annotation)
        gives = AsyncIterator if isinstance(form, Async) else Iterator
        return shown(form.stream(self.function), self.function, gives[model])


def asked_for(
    function: Function[..., Listing[T]], api: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Asked[T]:
    """Return the list that a call asks for; WrongValue if its `next` is a place in another one."""
    given = dict(kwargs)
    next = given.pop("next", None)
    asked = inspect.signature(function).bind(api, *args, **given).arguments
    narrowed = vars(asked["filters"]) if asked.get("filters") else {}
    agrees(next, {name: value for name, value in {**asked, **narrowed}.items() if name != "api"})
    read = functools.partial(function, api, *args, **given)
    return Asked(_going_on(read), _walk_of(api), next)


def _going_on(
    read: Callable[..., Coroutine[Any, Any, Listing[T]]],
) -> Callable[..., Coroutine[Any, Any, Listing[T]]]:
    """Name `next` only where there is one: lists of one page do not know it."""
    return lambda *, next: read() if next is None else read(next=next)


def _walk_of(api: Any) -> Callable[..., Any]:
    if isinstance(api, AppApi):
        return paging.pages
    from pixmirror.pixiv.web import paging as of_web

    return of_web.pages


def shown(made: Callable[..., Any], function: Callable[..., Any], gives: Any = None) -> Callable[..., Any]:
    """Give what is called the name, documentation (but for the sources) and parameters of the function, but for
    the first one.
    """
    signature = inspect.signature(function)
    functools.update_wrapper(made, function)
    made.__doc__ = (inspect.getdoc(function) or "").partition("Source:")[0].rstrip()
    made.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=list(signature.parameters.values())[1:],
        return_annotation=gives or signature.return_annotation,
    )
    return made


def with_received(made: Callable[..., Any], form: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    made.received = shown(form.plain(function), function)  # type: ignore[attr-defined]
    return made
