"""How something was seen: by whom, when, and through which class of endpoint."""

from dataclasses import dataclass

from pixmirror.models import Lane

# Classes of endpoints, and the evidence that they are: the one whose empty fields are believed, and what the
# website alone shows.
DETAIL, WEB = "detail", "web"


@dataclass(frozen=True, slots=True)
class Wants:
    """What a job wants beside the catalogue entry of each work."""

    files: bool = True
    comments: bool = True
    novels: bool = True
    profiles: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """Who saw it (account, job), when, through which class of endpoint, and how urgent its files are.

    `endpoint` names the class (list, feed, bookmark, ...); only `detail` is believed where it is empty.
    No `job` is a re-reading: it changes what is known, not who wants it.
    """

    account_id: int
    job: str
    now: int
    endpoint: str = "list"
    language: str = "en"
    lane: int = Lane.NEW
    wants: Wants = Wants()
