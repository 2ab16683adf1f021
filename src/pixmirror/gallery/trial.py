"""Filters of jobs as lines of the config file: written, read, and tried on a work before they are pasted."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from pydantic import ValidationError

from pixmirror.gallery.asked import Refused
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.trial import Tried
from pixmirror.sync.filters import Filter, refuse

KEYS = tuple(field.name for field in fields(Filter))
LONGEST = 4000  # characters


def written(job: JobConfig) -> str:
    """Write the filter keys that a job sets, as they stand in the config file."""
    mine = {key: getattr(job, key) for key in KEYS if key in job.model_fields_set}
    return "".join(f"{key} = {_toml(value)}\n" for key, value in mine.items())


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def read_filter(text: str, job: JobConfig) -> Filter:
    """Read lines of a job, or its whole table; its keys that filter nothing are left out. Refused for others."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"These lines cannot be read: {error}.") from error
    tables = found.get("jobs")
    if isinstance(tables, list) and len(tables) == 1 and isinstance(tables[0], dict):
        found = tables[0]
    unknown = [key for key in found if key not in type(job).model_fields]
    if unknown:
        raise Refused(f"{unknown[0][:60]} is no key of a job of the kind {job.kind}.")
    return Filter.of(_checked({key: value for key, value in found.items() if key in KEYS}, job))


def _checked(given: Mapping[str, Any], job: JobConfig) -> JobConfig:
    try:
        return JobConfig.model_validate({"name": job.name, "kind": job.kind, "every": "1h", **given})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        said = first["msg"].removeprefix("Value error, ")
        raise Refused(f"{'.'.join(map(str, first['loc']))}: {said}.") from error


def judge(wanted: Filter, work: Tried) -> str:
    """Say what a filter makes of a work, by the function that the sync uses."""
    if work.is_forgotten:
        return "You forgot this work: no filter brings it back."
    if work.facts is None:
        return "Nothing is known of this work here, so no rule can be tried on it."
    reason = refuse(wanted, work.facts)
    return "It would be kept: no rule leaves it out." if reason is None else f"It would be left out: {reason}."
