"""Why one work is here or not, as its page in the gallery tells it: the answer, what happens next, its story."""

from dataclasses import replace

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.reports.naming import name_of
from pixmirror.reports.why import why
from pixmirror.reports.why_facts import is_forgotten
from pixmirror.reports.why_short import Short, short
from pixmirror.reports.why_story import story_of


def why_here(conn: Connection, ref: Ref, now: int, brings: str, has_web: bool) -> Short:
    """Return the answer without the work's name, and the story also of what is here whole.

    Of what was forgotten nothing is told but that.
    """
    found = why(conn, ref, now)
    told = short(conn, found, now, brings, has_web=has_web)
    first = told.first.removeprefix(f"{name_of(conn, ref)}: ")
    is_told = found.known and not told.story and not is_forgotten(found.facts)
    story = tuple(story_of(conn, found, now)) if is_told else told.story
    return replace(told, first=f"{first[:1].upper()}{first[1:]}", story=story)
