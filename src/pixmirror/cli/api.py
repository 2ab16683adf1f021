"""`pixmirror api`: every endpoint of Pixiv from the shell, and saved answers checked.

The functions of both APIs are commands: parameters from the signature, help from the docstring.
"""

import difflib
import importlib
import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from pixmirror.cli import api_calls, formats
from pixmirror.cli.common import finish, json_line, note, plain, say
from pixmirror.errors import ConfigError
from pixmirror.models import Listing

if TYPE_CHECKING:
    from pixmirror.cli.api_look import Look

Function = Callable[..., Awaitable[Any]]
ASKING = frozenset({"submissions.upload_status"})  # a POST that changes nothing
MODULES = {
    "app": (
        *("illusts", "novels", "users", "comments", "search", "account", "site"),
        *("submissions", "drafts", "commenting"),
    ),
    "web": (
        *("illusts", "novels", "users", "comments", "search"),
        *("ranking", "feeds", "account", "commission", "actions"),
    ),
}
OURS = ("api", "next", "progress")
RANKINGS = frozenset({"illusts.ranking", "novels.ranking"})  # their mode may be left out, and is no option
WRITING = re.compile(r"\bPOST\s+/")


api = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class _Functions(TyperGroup):
    """A command for each endpoint of an API, made when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(functions(str(self.name)))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return command(str(self.name), cmd_name)


app_functions = typer.Typer(cls=_Functions, no_args_is_help=True, rich_markup_mode=None)
web_functions = typer.Typer(cls=_Functions, no_args_is_help=True, rich_markup_mode=None)
api.add_typer(app_functions, name="app")
api.add_typer(web_functions, name="web")


@api.callback()
def group() -> None:
    """Ask any endpoint of Pixiv, change something there, or check saved answers. One JSON line for each item.

    \b
    Examples:
      pixmirror api app                                    lists the endpoints of the app
      pixmirror api app illusts.detail 12345
      pixmirror api web search.artworks 東方 --mode safe --pages 2
      pixmirror api check app /v1/illust/detail answer.json
    """


@app_functions.callback()
def app_group() -> None:
    """Ask the App API, with the login of your config or that of --token-file. What changes something at Pixiv
    (bookmarks, follows, mutes, submissions) asks first, or wants --yes.

    \b
    Examples:
      pixmirror api app illusts.detail 12345
      pixmirror api app users.illusts 11 --pages 3 > works.jsonl
      pixmirror api app illusts.ranking --help
      pixmirror api app illusts.bookmark_add 12345 --restrict private
      pixmirror api app submissions.illust_upload "A title" 1.png 2.png --tags 風景
    """


@web_functions.callback()
def web_group() -> None:
    """Ask the AJAX API of www.pixiv.net. Your PHPSESSID comes from --phpsessid-file or PIXMIRROR_PHPSESSID;
    without one you are logged out, which serves for some. What changes something at Pixiv (likes, bookmarks,
    follows) asks first, or wants --yes.

    \b
    Examples:
      pixmirror api web illusts.pages 12345
      pixmirror api web search.artworks 東方 --mode safe --pages 2
      pixmirror api web actions.like 12345
    """


@api.command()
def check(
    which: Annotated[str, typer.Argument(metavar="API", help="app, web, oauth, papi or spapi.")],
    path: Annotated[str, typer.Argument(help="The endpoint, as /v1/illust/detail; `error` for error bodies.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Saved answers.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each file.")] = False,
    dump: Annotated[
        bool,
        typer.Option(
            "--dump", help="With JSON: what the models hold, and the answer that was read; tokens are masked."
        ),
    ] = False,
    status: Annotated[
        int | None,
        typer.Option(
            "--status", metavar="N", min=200, max=599, help="For error bodies: the HTTP status they had."
        ),
    ] = None,
) -> None:
    """Read saved answers as those of an endpoint; tell what was lost, unknown or wrong. Exit 7 if anything was.

    An unknown field is kept and no fault. For whom wants to report a change at Pixiv.

    \b
    Examples:
      pixmirror api check app /v1/illust/detail answer.json
      pixmirror api check web /ajax/illust/{id}/pages *.json --json
      pixmirror api check oauth /auth/token token.json
      pixmirror api check app error refused.json --status 404
      pixmirror api check spapi illust.php old.csv
    """
    from pixmirror.cli import api_check  # every model of every API

    read = api_check.reader(which, path, status)
    wrong = False
    for file in files:
        look = read(file)
        wrong = wrong or not look.ok
        if as_json or dump:
            typer.echo(json_line(look.as_dict(dump)), nl=False)
        else:
            _tell(look)
    finish(incomplete=wrong)


def _tell(look: "Look") -> None:
    if look.error:
        say(f"{look.file}: {'' if look.ok else 'WRONG: '}{look.error}: {look.says}")
        return
    count = formats.count(look.items, "item")
    say(f"{look.file}: {'ok' if look.ok else 'WRONG'}, {count}" + (f", {len(look.bad)} bad" if look.bad else ""))
    for broken in look.bad:
        say(f"  bad: {broken.path}: {broken.reason}")
    for what, places in (("lost", look.lost), ("unknown", look.unknown)):
        for place in places:
            say(f"  {what}: {place}")


# The functions as commands ------------------------------------------------------------------------------


@cache
def functions(api: str) -> Mapping[str, Function]:
    """Return every endpoint function of an API, as GROUP.FUNCTION."""
    found: dict[str, Function] = {}
    for name in MODULES[api]:
        module = importlib.import_module(f"pixmirror.pixiv.{api}.{name}")
        for own, thing in vars(module).items():
            if (
                inspect.iscoroutinefunction(thing)
                and not own.startswith("_")
                and thing.__module__ == module.__name__
            ):
                found[f"{name}.{own}"] = thing
    return found


def writes(function: Function) -> bool:
    """True if it changes something at Pixiv, at the user's word: its docstring names the path of a POST."""
    return WRITING.search(function.__doc__ or "") is not None and _named(function) not in ASKING


def _named(function: Function) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def command(api: str, name: str) -> Any:
    """Build the command of a function; ConfigError if there is none."""
    known = functions(api)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        other = "web" if api == "app" else "app"
        if close:
            hint = f"did you mean {close[0]}?"
        elif name in functions(other):
            hint = f"did you mean `pixmirror api {other} {name}`?"
        else:
            hint = f"`pixmirror api {api}` lists all."
        raise ConfigError(f"There is no function {name!r} of the {api} API; {hint}")
    function = known[name]
    info = CommandInfo(
        name=name,
        callback=_callback(api, function),
        help=_help(function),
        short_help=_first(function),
    )
    return plain(get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None))


def _first(function: Function) -> str:
    """Return the first sentence of the docstring: what the list shows."""
    text = " ".join((inspect.getdoc(function) or "").split())
    return re.split(r"(?<=[.;]) ", text, maxsplit=1)[0].rstrip(".;:") + "."


def _help(function: Function) -> str:
    """Return the docstring without its last sentence, the source; its own line breaks are no paragraphs."""
    text = (inspect.getdoc(function) or "").partition("Source:")[0].rstrip()
    if _takes_next(function):
        text += "\n\nPrints the first page; --pages N reads on, and --next goes on where an earlier call ended."
    if writes(function):
        text += "\n\nIt is asked first whether to do it; --yes says so at once. It is sent once and never again."
    if "text" in inspect.signature(function).parameters:
        text += "\n\nA TEXT that is - is read from the standard input."
    return text


def _takes_next(function: Function) -> bool:
    return "next" in inspect.signature(function).parameters


def _callback(api: str, function: Function) -> Callable[..., None]:
    """Return a function with the signature that the command shall have."""
    hints = typing.get_type_hints(function)
    asked = [p for p in inspect.signature(function).parameters.values() if p.name not in OURS]
    parameters = [inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for parameter in asked:
        bare = parameter.name == "mode" and _named(function) in RANKINGS and api == "app"
        parameters += _parameters(parameter, hints[parameter.name], bare=bare)
    parameters += _common(api, function)

    def run(ctx: typer.Context, **given: Any) -> None:
        own = api_calls.Own(**{f.name: given.pop(f.name, None) for f in fields(api_calls.Own)})
        if any(p.name == "filters" for p in asked):
            narrowed = {name: value for name in _narrowing() if (value := given.pop(name, None)) is not None}
            given["filters"] = _filters()(**narrowed) if narrowed else None
        kept = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        given = {k: v for k, v in kept.items() if v is not None and v != ()}
        if not writes(function):
            api_calls.call(ctx, api, function, given, own)
            return
        api_calls.sure(_first(function), given, own)
        try:
            with api_calls.telling_the_outcome(_named(function)):
                api_calls.call(ctx, api, function, given, own)
        except KeyboardInterrupt:
            note("It may have been done all the same: look before you send it again.")
            raise

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _parameters(parameter: inspect.Parameter, hint: Any, *, bare: bool) -> Iterator[inspect.Parameter]:
    if parameter.name == "filters":
        for name, one in _narrowing().items():
            yield _option(name, _plain(one), None)
    elif bare or parameter.default is inspect.Parameter.empty:
        annotation: Any = Annotated[_plain(hint), typer.Argument()]
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
    else:
        default = None if parameter.default == () else parameter.default
        yield _option(parameter.name, _plain(hint), default)


def _filters() -> Any:
    """Return what narrows a search of the website, whose models an endpoint of the app needs not."""
    return importlib.import_module("pixmirror.pixiv.web.search").Filters


def _narrowing() -> dict[str, Any]:
    return typing.get_type_hints(_filters())


def _option(
    name: str, kind: Any, default: Any, help: str | None = None, least: int | None = None
) -> inspect.Parameter:
    dashed = name.replace("_", "-")
    names = f"--{dashed}/--no-{dashed}" if kind is bool else f"--{dashed}"
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[
            kind if default is not None else kind | None, typer.Option(names, help=help, min=least)
        ],
    )


def _plain(hint: Any) -> Any:
    """Return what typer shall read: int, str, bool, float, a choice, or a list of them."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [k for k in get_args(hint) if k not in (type(None), date)]
        return _plain(kinds[0]) if len(kinds) == 1 else int if kinds == [int, str] else str
    if get_origin(hint) in (Sequence, Iterable):
        return list[_plain(get_args(hint)[0])]  # type: ignore[misc]
    if get_origin(hint) is Literal:
        types = {type(word) for word in get_args(hint)}
        return hint if types == {str} else int if types == {int} else str
    if hint in (int, bool, float):
        return hint
    return str


def _common(api: str, function: Function) -> Iterator[inspect.Parameter]:
    """Yield what all commands of an API take beside the function's own."""
    if writes(function):
        yield _option("yes", bool, False, "Do not ask.")
    if _takes_next(function) and get_origin(typing.get_type_hints(function)["return"]) is Listing:
        yield _option("pages", int, 1, "So many pages of the list.", least=1)
        yield _option("next", str, None, "Go on here: the next_url, or its query.")
    if api == "app":
        yield _option("token_file", Path, None, "A file with a refresh token, instead of the config's login.")
    else:
        yield _option("phpsessid_file", Path, None, "A file with your PHPSESSID, or the whole cookie.")
        yield _option("user_agent", str, None, "That of the browser whose whole cookie it is.")
