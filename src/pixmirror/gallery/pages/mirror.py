"""/mirror: health, jobs, queue, history, settings. What its buttons do is what a command does, by the daemon."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.refs import parse_ref
from pixmirror.clock import HOUR_MS
from pixmirror.errors import ConfigError
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, page
from pixmirror.gallery.around import do, seen
from pixmirror.gallery.asked import NotHere, Refused
from pixmirror.gallery.costs import cost_of
from pixmirror.gallery.live import news_of
from pixmirror.gallery.place import gallery, shelves
from pixmirror.gallery.settings import settings_of
from pixmirror.gallery.trial import LONGEST, judge, read_filter, written
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.grid import defaults
from pixmirror.reports.standing import bars, runs_of
from pixmirror.reports.trial import Tried, tried
from pixmirror.reports.vanished import reasons

RUNS = 60
LONGEST_PAUSE_H = 24 * 366
WHAT = ("failed", "too_large", "gone", "damaged")


async def now(request: Request) -> Response:
    """Show how the mirror is, and its jobs."""
    here = gallery(request)
    look, moment = await seen(here), here.clock.now()
    days = await shelves(request).read(bars, moment)
    running = {job.name for job in look.around.jobs if job.running}
    return page(
        request, "mirror.html", seen=look, glance=look.glance, pixiv=here.config.pixiv, bars=days, running=running,
        news=news_of(look, here.problems), runs_with=here.runs_with,
    )  # fmt: skip


async def queue(request: Request) -> Response:
    """Show what waits and what could not be had, by reason."""
    stuck, explained = await shelves(request).read(reasons)
    look = await seen(gallery(request))
    return page(request, "mirror_queue.html", files=look.glance.files, stuck=stuck, explained=explained)


async def history(request: Request) -> Response:
    """Show the runs of all jobs."""
    found = await shelves(request).read(runs_of, None, asked.number(request, "before", 0), RUNS)
    return page(request, "mirror_history.html", runs=found, more=len(found) == RUNS)


async def job(request: Request) -> Response:
    """Show a job: how it is set, and its runs."""
    wanted, here = _job(request), gallery(request)
    look = await seen(here)
    line = next((one for one in look.glance.jobs if one.name == wanted.name), None)
    found = await shelves(request).read(runs_of, wanted.name, asked.number(request, "before", 0), RUNS)
    filter_text = asked.text(request.query_params.get("filter") or written(wanted), "filter", LONGEST)
    return page(
        request,
        "mirror_job.html",
        job=wanted,
        filter=filter_text,
        tried=await _tried(request, wanted, filter_text),
        cost=await cost_of(here, wanted) if "cost" in request.query_params else "",
        keys=settings_of(wanted),
        line=line,
        seen=look,
        runs=found,
        more=len(found) == RUNS,
    )


async def _tried(request: Request, job: JobConfig, filter_text: str) -> tuple[Tried, str] | None:
    """Try a filter on the work that was asked for; None where none was."""
    named = asked.words(request, "work")
    if not named:
        return None
    try:
        ref = parse_ref(named)
    except ConfigError as error:
        raise Refused(f"{error}.") from error
    if ref.work_key is None or not 0 < ref.id < asked.LARGEST_ID:
        raise Refused(f"{named} names no work: give the id of one, or its address at Pixiv.")
    found = await shelves(request).read(tried, ref.work_key, job.name)
    return found, judge(read_filter(filter_text, job), found)


async def settings(request: Request) -> Response:
    """Show what pages show, the configuration as the gallery read it, and who may look."""
    here, config = gallery(request), gallery(request).config
    parts = {
        name: settings_of(getattr(config, name), name, here.env)
        for name in ("mirror", "pixiv", "notify", "gallery")
    }
    return page(
        request,
        "mirror_settings.html",
        settings=parts,
        runs_with=here.runs_with,
        usual=await shelves(request).read(defaults) if here.has_mirror() else None,
        all_sessions=here.sessions.all(),
        own=request.state.session,
    )


async def run(request: Request) -> Response:
    """Run a job now, as `pixmirror sync` beside a running pixmirror does."""
    name = _job(request).name
    await do(request, {"command": "sync", "jobs": [name]}, is_long=True)
    return back_to(f"/mirror#job-{name}")


async def pause(request: Request) -> Response:
    """Pause a job, or everything: for some hours, or until it is resumed."""
    form, name = await request.form(), _job(request).name if "name" in request.path_params else None
    hours = asked.whole(form.get("hours") or "0", "hours", most=LONGEST_PAUSE_H)
    until = gallery(request).clock.now() + hours * HOUR_MS if hours else None
    await do(request, {"command": "pause", "job": name, "until": until})
    return back_to("/mirror")


async def resume(request: Request) -> Response:
    """Let a job, or everything, go on."""
    name = _job(request).name if "name" in request.path_params else None
    await do(request, {"command": "resume", "job": name})
    return back_to("/mirror")


async def retry(request: Request) -> Response:
    """Ask again for all of one kind, as `pixmirror retry` does."""
    what = (await request.form()).get("what")
    if what not in WHAT:
        raise Refused(f"what takes one of {', '.join(WHAT)}.")
    await do(request, {"command": "retry", "what": what})
    return back_to("/mirror/queue")


def _job(request: Request) -> JobConfig:
    name = request.path_params["name"]
    for one in gallery(request).config.jobs:
        if one.name == name:
            return one
    raise NotHere("The config file names no such job.")


routes: list[BaseRoute] = [
    Route("/mirror", now),
    Route("/mirror/queue", queue),
    Route("/mirror/history", history),
    Route("/mirror/settings", settings),
    Route("/mirror/jobs/{name}", job),
    Route("/mirror/pause", pause, methods=["POST"]),
    Route("/mirror/resume", resume, methods=["POST"]),
    Route("/mirror/retry", retry, methods=["POST"]),
    Route("/mirror/jobs/{name}/run", run, methods=["POST"]),
    Route("/mirror/jobs/{name}/pause", pause, methods=["POST"]),
    Route("/mirror/jobs/{name}/resume", resume, methods=["POST"]),
]
