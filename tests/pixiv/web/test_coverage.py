"""coverage_web.toml and the code say the same: every endpoint of document 001, every parameter and its values."""

import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import respx

from pixmirror.errors import InvalidRequest
from pixmirror.pixiv.web import WebApi
from pixmirror.pixiv.web.search import Filters

pytestmark = pytest.mark.anyio
ENTRIES = tomllib.loads((Path(__file__).parents[2] / "coverage_web.toml").read_text())["endpoint"]
DOCUMENT = Path(__file__).parents[3].parent / "shared" / "seeds" / "001_fa4bd1fa4b3226a9.txt"
BAD: dict[str, Any] = {
    "id": 0, "int": -1, "text": " ", "text or empty": 5, "bool": "yes", "date": "tomorrow", "texts": "x",
    "two letters": "jpn", "a number": float("nan"),
}  # fmt: skip
GOOD: dict[str, Any] = {"id": 5, "text": "x"}


def function(entry):
    module, _, name = entry["function"].rpartition(".")
    return getattr(importlib.import_module(module), name)


def cases():
    for entry in ENTRIES:
        for name, takes in entry["params"].items():
            yield pytest.param(entry, name, takes, id=f"{entry['name']}: {name}")


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="the document is not here")
def test_every_endpoint_of_the_document_is_there():
    named = re.findall(r"^https://www\.pixiv\.net(/[^?\s]*)", DOCUMENT.read_text(), re.MULTILINE)
    ours = {re.sub(r"\{\w+\}", "{}", entry["path"]) for entry in ENTRIES}
    asked = {re.sub(r"\{\w+\}", "{}", path) for path in named if "{" in path or path not in ("/ajax", "/")}
    examples = {path for path in asked if re.search(r"/\d+|%", path)}
    assert asked - examples == ours
    assert len(ENTRIES) == 48


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e["name"])
def test_each_has_its_function_with_its_parameters_and_says_so(entry):
    known = set(inspect.signature(function(entry)).parameters)
    if "filters" in known:
        known |= set(Filters.__dataclass_fields__)
    assert set(entry["params"]) | set(entry["example"]) <= known
    said = " ".join((function(entry).__doc__ or "").split())
    if "/commission/" not in entry["path"] and "/watch_list/" not in entry["path"]:
        shown = re.sub(r"\{\w+\}", "{}", said)
        assert f"{entry['method']} {re.sub(r'{.+?}', '{}', entry['path'])}" in shown
    assert "Source: 001" in said


@pytest.mark.parametrize(("entry", "name", "takes"), list(cases()))
@respx.mock
async def test_each_parameter_is_checked_before_anything_is_sent(mocked: WebApi, entry, name, takes):
    call, arguments = function(entry), {}
    for parameter in list(inspect.signature(call).parameters.values())[1:]:
        if parameter.default is inspect.Parameter.empty:
            arguments[parameter.name] = GOOD[entry["params"][parameter.name]]
    if isinstance(takes, list):
        bad: Any = 7 if isinstance(takes[0], int) else "nonsense"
    elif isinstance(takes, str) and re.fullmatch(r"1-\d+", takes):
        bad = int(takes[2:]) + 1
    else:
        bad = BAD[takes]
    if name in Filters.__dataclass_fields__:
        arguments["filters"] = Filters(**{name: bad})
    else:
        arguments[name] = bad
    with pytest.raises(InvalidRequest) as caught:
        await call(mocked, **arguments)
    assert not respx.calls
    if isinstance(takes, list):
        assert all(str(value) in str(caught.value) for value in takes)
