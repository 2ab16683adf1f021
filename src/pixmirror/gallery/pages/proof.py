"""/mirror/coverage, /mirror/gone, /mirror/drift: what is proven of what was asked for, what is gone at Pixiv."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.answers import back_to, page
from pixmirror.gallery.around import do, has_web, seen
from pixmirror.gallery.asked import NotHere, Refused, wanted_id
from pixmirror.gallery.place import gallery, shelves
from pixmirror.models import State
from pixmirror.reports import proof, vanished
from pixmirror.reports.completeness import WORDS, Left
from pixmirror.reports.headline import what_brings
from pixmirror.reports.lacking import lacking
from pixmirror.reports.reasons import WORKS

# Of each cause the page that lists its works.
LISTS = {
    "Not yet": "/works?state=waiting",
    "Hidden from the app by Pixiv": "/works?state=hidden",
    "Could not be had": "/mirror/queue",
    "Damaged at Pixiv, kept as they are": "/works?state=damaged",
    "Left out by choice": "/works?state=left-out",
}
# Of each reason the works of the bookmarks.
STATES = {"wanted": "waiting", "damaged": "damaged", "limited": "hidden", "refused": "left-out"}
ACCEPTED = {"work": "gone", "user": "gone", "bookmark": "drift", "follow": "drift", "comment": "drift"}


async def coverage(request: Request) -> Response:
    """Show how much is complete of all that was asked for, and why not the rest."""
    here = gallery(request)
    found = await shelves(request).read(proof.known)
    left: tuple[Left, ...] = ()
    brings = ""
    if found is not None:
        look = await seen(here)
        left, brings = (
            found.left_web if has_web(here) else found.left,
            what_brings(look.glance.headlines, look.around),
        )
    return page(
        request,
        "mirror_coverage.html",
        proof=found,
        left=left,
        brings=brings,
        lists=LISTS,
        states=STATES,
        words=WORDS,
    )


async def coverage_of(request: Request) -> Response:
    """Show what of one artist is not whole here, and what comes next."""
    found = await shelves(request).read(lacking, wanted_id(request), has_web(gallery(request)))
    if found is None:
        raise NotHere("No job reads the works of this artist, and you do not follow them.")
    return page(request, "mirror_coverage_of.html", found=found, reasons=WORKS)


async def gone(request: Request) -> Response:
    """Show what survives only here."""
    found = await shelves(request).read(vanished.gone)
    groups = []
    for name, states, address in (
        ("gone at Pixiv, kept here", State.OVER, "/works?state=kept"),
        ("hidden at Pixiv, kept here", State.HIDDEN, ""),  # no list has these alone
    ):
        mine = [one for one in (found.proof.states if found.proof else ()) if one.state in states]
        if mine:
            groups.append((name, address, mine))
    return page(request, "mirror_gone.html", found=found, groups=groups)


async def drift(request: Request) -> Response:
    """Show what vanished from the account's lists, and deleted comments."""
    return page(request, "mirror_drift.html", found=await shelves(request).read(vanished.drift))


async def accept(request: Request) -> Response:
    """Believe what is held back, as `pixmirror gone --accept` does."""
    kind = (await request.form()).get("kind")
    if not isinstance(kind, str) or kind not in ACCEPTED:
        raise Refused(f"kind takes one of {', '.join(ACCEPTED)}.")
    await do(request, {"command": "accept", "kind": kind})
    return back_to(f"/mirror/{ACCEPTED[kind]}")


routes: list[BaseRoute] = [
    Route("/mirror/coverage", coverage),
    Route("/mirror/coverage/{id:int}", coverage_of),
    Route("/mirror/gone", gone),
    Route("/mirror/drift", drift),
    Route("/mirror/accept", accept, methods=["POST"]),
]
