"""What a POST carries: fields, and files of a multipart form."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from pixmirror.demo.calls import invalid

Pairs = list[tuple[str, str]]
_NAME = re.compile(rb'^content-disposition: form-data;.*?[; ]name="([^"]*)"(.*)$', re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(r"multipart/form-data;.*boundary=\"?([^\";]+)", re.IGNORECASE)


def read(headers: Mapping[str, str], body: bytes) -> tuple[Pairs, tuple[bytes, ...]]:
    """Return the fields in their order, and the contents of `files[]`."""
    multipart = _BOUNDARY.match(headers.get("content-type", ""))
    if multipart is None:
        return parse_qsl(body.decode(), keep_blank_values=True), ()
    fields: Pairs = []
    files: list[bytes] = []
    boundary = b"--" + multipart[1].encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + boundary)
    if not pieces[-1].startswith(b"--"):
        raise invalid("files", "the form is cut")
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        named = _NAME.search(head)
        if named is None:
            raise invalid("files", "a part of the form has no name")
        if b"filename=" not in named[2]:
            fields.append((named[1].decode(), content.decode()))
        elif named[1] == b"files[]":
            files.append(content)
    return fields, tuple(files)
