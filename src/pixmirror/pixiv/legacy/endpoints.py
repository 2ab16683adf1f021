"""What the answers of the dead APIs hold, by route: for `api check`, and for the tests."""

import re
from collections.abc import Mapping

from pixmirror.models import Model
from pixmirror.pixiv.legacy import papi as papi_rows
from pixmirror.pixiv.legacy import spapi as spapi_rows
from pixmirror.pixiv.legacy.calls import Route

SPAPI: Mapping[str, type[Model]] = {r.path: r.model for r in vars(spapi_rows).values() if isinstance(r, Route)}
PAPI: Mapping[str, type[Model]] = {r.path: r.model for r in vars(papi_rows).values() if isinstance(r, Route)}


def papi(path: str) -> str | None:
    """Find the registered path of the Public API that this one is, with or without .json."""
    path = f"{path.removesuffix('.json')}.json"
    if path in PAPI:
        return path
    patterns = {name: "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", name))) for name in PAPI}
    return next((name for name, pattern in patterns.items() if re.fullmatch(pattern, path)), None)


def spapi(path: str) -> str | None:
    """Find the registered route of SPAPI that this one is, with or without /iphone/ and .php."""
    route = f"/iphone/{path.rpartition('/')[2].removesuffix('.php')}.php"
    return route if route in SPAPI else None
