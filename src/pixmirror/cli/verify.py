"""`pixmirror verify`: read the stored files again."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixmirror.cli import render
from pixmirror.cli.common import Json, Session, note, now_ms, print_json, run, say, session

if TYPE_CHECKING:
    from collections.abc import Callable

    from pixmirror.verify import Report

UNSOUND = 7


def add_to(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    ctx: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Only whether each file is there with its size.")] = False,
    as_json: Json = False,
) -> None:
    """Compare every stored file with the catalogue; what is missing or bad is fetched again at the next sync.

    \b
    Examples:
      pixmirror verify --quick       after moving the mirror
      pixmirror verify               reads every byte
    """
    s = session(ctx)
    answer = s.ask("verify", timeout=None, quick=quick)
    report = answer["report"] if answer else run(_verify(s, quick, progress=not as_json))
    if as_json:
        print_json(report)
    else:
        summary(report)
    if not report["sound"]:
        raise typer.Exit(UNSOUND)


async def _verify(s: Session, quick: bool, *, progress: bool) -> dict[str, Any]:
    from pixmirror.daemon.mirror import open_mirror

    if not s.catalogue.exists():
        with s.reading():
            pass  # says that there is no mirror yet
    async with open_mirror(s.config, s.env) as mirror:
        return await verify_mirror(mirror, quick=quick, progress=progress)


async def verify_mirror(mirror: Any, *, quick: bool, progress: bool) -> dict[str, Any]:
    from pixmirror import verify as layer

    report = await layer.run(
        mirror.db,
        mirror.root.media,
        quick=quick,
        now=now_ms(),
        progress=_on_terminal() if progress else None,
        guard=mirror.root.check_media,
    )
    result: dict[str, Any] = report.as_dict()
    return result


def _on_terminal() -> "Callable[[Report], None] | None":
    if not sys.stderr.isatty():
        return None

    def show(report: "Report") -> None:
        typer.echo(f"\r{report.checked:,} files, {render.size(report.bytes)} ", err=True, nl=False)

    return show


def summary(report: dict[str, Any]) -> None:
    """What verify found, in words."""
    if _on_terminal():
        typer.echo("\r", err=True, nl=False)
    checked, size = render.count(report["checked"], "file"), render.size(report["bytes"])
    say(f"{checked} verified, {size}: {report['ok']:,} good.")
    for key, what in (
        ("missing", "missing"),
        ("wrong_size", "of another size"),
        ("wrong_hash", "with other bytes"),
        ("unreadable", "unreadable: look at the disk"),
    ):
        if report[key]:
            say(f"  {report[key]:,} {what}")
    for bad in report["bad"][:10]:
        say(f"    {bad['path']}: {bad['detail']}")
    if report["wanted_again"]:
        say(f"{render.count(report['wanted_again'], 'file')} will be fetched again at the next sync.")
    if still := report.get("still_wanted"):
        say(f"{render.count(still, 'file')} wanted again earlier {'is' if still == 1 else 'are'} not back yet.")
    if report.get("sidecars_missing"):
        say(f"{render.count(report['sidecars_missing'], 'sidecar')} missing; written again at the next sync.")
    if report["unknown_files"]:
        say(f"{render.count(report['unknown_files'], 'file')} there are not the mirror's; left alone.")
    for finding in report["catalogue"]:
        note(f"The catalogue itself is damaged: {finding}")
