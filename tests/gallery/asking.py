"""Ask a gallery as a program would: every header as it is given, no redirect followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlencode, urlsplit

PAGE = {"accept": "text/html,application/xhtml+xml"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def cookie(self) -> str:
        """The cookie that it sets, as it is to be sent back."""
        return self.headers["Set-Cookie"].split(";")[0]


def ask(
    url: str,
    path: str,
    headers: Mapping[str, str] = NONE,
    *,
    method: str = "GET",
    body: bytes | None = None,
    **more: str,
) -> Answer:
    """Send one request, with these headers; in the names of `more` "_" is "-". An empty one is left out."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    given = {name.lower().replace("_", "-"): value for name, value in (*headers.items(), *more.items())}
    length = {"content-length": str(len(body))} if body is not None else {}
    try:
        connection.putrequest(method, path, skip_host="host" in given, skip_accept_encoding=True)
        for name, value in (PAGE | length | given).items():
            if value or name == "host":
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def send(
    url: str, path: str, form: Mapping[str, str] = NONE, headers: Mapping[str, str] = NONE, **more: str
) -> Answer:
    """Send a form as a page of the gallery would."""
    body = urlencode(form, encoding="utf-8", errors="surrogatepass").encode()
    return ask(url, path, FORM | {"origin": url, **headers} | more, method="POST", body=body)
