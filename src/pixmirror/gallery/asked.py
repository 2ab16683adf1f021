"""What a browser asks, checked once: ids of the path, values of the query. Nonsense is told in a sentence."""

from urllib.parse import urlsplit

from starlette.requests import Request

from pixmirror.errors import PixmirrorError
from pixmirror.models import work_key

LARGEST_ID = 10**15  # Pixiv's ids are far below; SQLite's integers end above
LONGEST_TEXT = 200
LONGEST_PATH = 2000


class Refused(PixmirrorError):
    """A request that the gallery does not answer: `status` is that of HTTP."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class NotHere(Refused):
    """A page of something that this mirror does not have."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, 404)


def wanted_id(request: Request, name: str = "id") -> int:
    """Return an id of the path."""
    found = int(request.path_params[name])
    if not 0 < found < LARGEST_ID:
        raise NotHere("Pixiv gives no such id.")
    return found


def wanted_work(request: Request) -> int:
    """Return the work_key of /w/{id} or /n/{id}."""
    return work_key("novel" if request.url.path.startswith("/n/") else "illust", wanted_id(request))


def number(request: Request, name: str, default: int, least: int = 0, most: int = LARGEST_ID) -> int:
    """Return a number of the query, `default` where there is none."""
    text = request.query_params.get(name)
    return default if text is None else whole(text, name, least, most)


def pair(request: Request, name: str) -> tuple[int, int] | None:
    """Return two numbers of the query, which stand in it as 1.2; None where there are none."""
    text = request.query_params.get(name)
    if text is None:
        return None
    first, _, second = text.partition(".")
    return whole(first, name), whole(second, name)


def whole(given: object, name: str, least: int = 0, most: int = LARGEST_ID) -> int:
    """Return a number of a form, or of a query."""
    text = given if isinstance(given, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 16 and least <= int(text) <= most):
        raise Refused(f"{name} takes a whole number from {least:,} to {most:,}.")
    return int(text)


def came_from(request: Request) -> str:
    """Return the page of ours that `back` of an address names, or that its form was on; else the first page."""
    at, named = urlsplit(request.headers.get("referer", "")), request.query_params.get("back")
    if named is None and at.netloc == request.headers.get("host"):
        named = at.path + (f"?{at.query}" if at.query else "")
    return own_path(named)


def own_path(wanted: object) -> str:
    """Return a path of ours to go on to; the first page for anything else."""
    if not isinstance(wanted, str) or len(wanted) > LONGEST_PATH or not wanted.isprintable():
        return "/"
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


def words(request: Request, name: str) -> str:
    """Return a text of the query without what is around it; "" where there is none."""
    return text(request.query_params.get(name), name)


def text(given: object, name: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text of a form, or of a query, without what is around it; "" where there is none."""
    found = given.strip() if isinstance(given, str) else ""
    if len(found) > longest:
        raise Refused(f"{name} takes at most {longest:,} characters.")
    return found
