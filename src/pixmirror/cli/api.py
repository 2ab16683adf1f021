"""`pixmirror api`: any read endpoint of Pixiv and all submissions from the shell, and saved answers checked."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pixmirror.cli.common import finish, json_line, say

api = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class _Functions(TyperGroup):
    """A command for each endpoint of an API that reads or submits, made when it is asked for."""

    api = ""

    def list_commands(self, ctx: Any) -> list[str]:
        from pixmirror.cli import api_functions

        return list(api_functions.callable_(self.api))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from pixmirror.cli import api_functions

        return api_functions.command(self.api, cmd_name)


class _App(_Functions):
    api = "app"


class _Web(_Functions):
    api = "web"


app_functions = typer.Typer(cls=_App, no_args_is_help=True, rich_markup_mode=None)
web_functions = typer.Typer(cls=_Web, no_args_is_help=True, rich_markup_mode=None)
api.add_typer(app_functions, name="app")
api.add_typer(web_functions, name="web")


@api.callback()
def group() -> None:
    """Ask any read endpoint of Pixiv, submit something, or check saved answers. One JSON line for each item.

    \b
    Examples:
      pixmirror api app                                    lists the endpoints of the app
      pixmirror api app illusts.detail 12345
      pixmirror api web search.artworks 東方 --mode safe --pages 2
      pixmirror api check app /v1/illust/detail answer.json
    """


@app_functions.callback()
def app_group() -> None:
    """Read from the App API, or submit to it, with the login of your config or that of --token-file. What submits
    (`submissions`, `drafts`, `commenting`) asks first, or wants --yes.

    \b
    Examples:
      pixmirror api app illusts.detail 12345
      pixmirror api app users.illusts 11 --pages 3 > works.jsonl
      pixmirror api app illusts.ranking --help
      pixmirror api app submissions.illust_upload "A title" 1.png 2.png --tags 風景
    """


@web_functions.callback()
def web_group() -> None:
    """Read from the AJAX API of www.pixiv.net. Your PHPSESSID comes from --phpsessid-file or PIXMIRROR_PHPSESSID;
    without one you are logged out, which serves for some.

    \b
    Examples:
      pixmirror api web illusts.pages 12345
      pixmirror api web search.artworks 東方 --mode safe --pages 2
    """


@api.command()
def check(
    which: Annotated[str, typer.Argument(metavar="API", help="app, web, oauth, papi or spapi.")],
    path: Annotated[str, typer.Argument(help="The endpoint, as /v1/illust/detail; `error` for error bodies.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Saved answers.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each file.")] = False,
    dump: Annotated[
        bool,
        typer.Option(
            "--dump", help="With JSON: what the models hold, and the answer that was read; tokens are masked."
        ),
    ] = False,
    status: Annotated[
        int | None, typer.Option("--status", min=200, max=599, help="For error bodies: the HTTP status they had.")
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
    from pixmirror.cli import api_check

    read = api_check.reader(which, path, status)
    wrong = False
    for file in files:
        look = read(file)
        wrong = wrong or not look.ok
        if as_json or dump:
            say(json_line(look.as_dict(dump)).rstrip())
        else:
            _tell(look)
    finish(incomplete=wrong)


def _tell(look: Any) -> None:
    from pixmirror.cli import formats

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
