"""Find and read the config file, and say everything that is wrong with it at once."""

import difflib
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import reduce
from importlib.resources import files
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Protocol

import platformdirs
from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from pixmirror.config.lines import Path as Place
from pixmirror.config.lines import line_of, lines_of
from pixmirror.config.model import (
    BackupConfig,
    Config,
    CopyConfig,
    GalleryConfig,
    HttpConfig,
    MirrorConfig,
    NotifyConfig,
    PixivConfig,
    ScrubConfig,
)
from pixmirror.config.secrets import unreadable
from pixmirror.errors import ConfigError
from pixmirror.models.jobs import JobConfig
from pixmirror.models.values import context
from pixmirror.terminal import one_line

PREFIX = "PIXMIRROR_"
_TABLES: dict[str, type[BaseModel]] = {
    "mirror": MirrorConfig,
    "pixiv": PixivConfig,
    "notify": NotifyConfig,
    "gallery": GalleryConfig,
    "http": HttpConfig,
    "scrub": ScrubConfig,
    "backup": BackupConfig,
}
Models = Mapping[str, type[JobConfig]]  # of the kinds of jobs


class JobKind(Protocol):
    """What the configuration needs of a kind of job: its keys."""

    @property
    def config(self) -> type[JobConfig]: ...


def find_config(explicit: Path | None = None) -> Path:
    """Return `explicit`, else ./config.toml, else the one in the user's config folder; else ConfigError."""
    places = [explicit] if explicit else [Path("config.toml"), *filter(None, [user_config()])]
    for place in places:
        if place.is_file():
            return place
    if explicit and explicit.is_dir():
        raise ConfigError(f"{explicit} is a folder; `--config FILE` names the config file itself")
    raise ConfigError(
        f"there is no config file at {' or '.join(map(str, places))}; `pixmirror init` makes one, "
        "`--config FILE` names another"
    )


def user_config() -> Path | None:
    """Return the config file in the user's own folder; None when no home is known."""
    try:
        path = platformdirs.user_config_path("pixmirror") / "config.toml"
    except RuntimeError:
        return None
    return path if path.is_absolute() else None


def example_text() -> str:
    """Return the commented example that `pixmirror init` writes."""
    shipped = files("pixmirror") / "config.example.toml"
    if shipped.is_file():
        return shipped.read_text("utf-8")
    return (Path(__file__).parents[3] / "config.example.toml").read_text("utf-8")  # an editable install


def load(path: Path | None, env: Mapping[str, str], kinds: Mapping[str, JobKind]) -> Config:
    """Read the file (None: the one that `find_config` finds) and lay the environment over it.

    `kinds`: the kinds of jobs, by name. ConfigError names every problem with its place, and never a secret.
    """
    path = find_config(path)
    text = _text(path)
    from_file = _parsed(path, text)
    from_env = _from_env(env)
    # {}: defaults see the context too
    merged = _merge({table: {} for table in _TABLES}, _merge(from_file, from_env))
    problems = [*_unknown_variables(env), *_repeated_names(merged)]
    config, models = None, {name: kind.config for name, kind in kinds.items()}
    try:
        config = _with_jobs(models).model_validate(merged, context=context(path.absolute().parent, env))
    except ValidationError as error:
        found = list(_told_once(error.errors(include_input=False, include_url=False), models))
        lines = lines_of(text)
        problems += [
            _line(lines, problem, from_env) + shortened(_explain(problem, merged, from_env, models))
            for problem in found
        ]
    if config is None or problems:
        told = dict.fromkeys(one_line(problem) for problem in problems)
        raise ConfigError(f"the configuration in {path} cannot be used:", tuple(told))
    return config


def _with_jobs(models: Models) -> type[Config]:
    job: Any = reduce(or_, models.values())
    jobs = tuple[Annotated[job, Field(discriminator="kind")], ...]
    return create_model("Config", __base__=Config, jobs=(jobs, ()))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise unreadable(f"the config file {path}", error) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the config file {path} is not UTF-8 text; save it as UTF-8") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        end = f"at line {text.count(chr(10)) + 1}, the end of the file"
        message = shortened(str(error).replace("at end of document", end))
        raise ConfigError(f"the config file {path} is not valid TOML: {message}") from error


def _from_env(env: Mapping[str, str]) -> dict[str, Any]:
    """Return what the environment sets, by tables. What reads it is imported where there is something to read."""
    ours = {name: value for name, value in sorted(env.items()) if name.upper().startswith(PREFIX)}
    if not ours:
        return {}
    from pixmirror.config.environment import read

    return read(ours, PREFIX)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _unknown_variables(env: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(env):
        table, nested, _ = name.upper().removeprefix(PREFIX).partition("__")
        if name.upper().startswith(PREFIX) and nested and table.lower() not in _TABLES:
            hint = _did_you_mean(table, _TABLES)
            yield shortened(f"environment variable {name}: there is no table [{table.lower()}]{hint}")


def _repeated_names(merged: Mapping[str, Any]) -> Iterator[str]:
    jobs = merged.get("jobs")
    names = [job.get("name") for job in jobs if isinstance(job, dict)] if isinstance(jobs, list) else []
    for name, count in Counter(name for name in names if isinstance(name, str)).items():
        if count > 1:
            yield f'[[jobs]] "{name}": name: {count} jobs have this name; give each its own'


_WORD = re.compile(r"[\w-]{20,}")


def shortened(text: str) -> str:
    """Cut what may be a token or cookie that somebody wrote in the wrong place, as a key or a table.

    Our own names stay: those of variables, and words of less than 20 characters, of which all others are made.
    """
    return _WORD.sub(lambda found: found[0] if _is_a_name(found[0]) else f"{found[0][:4]}...", text)


def _is_a_name(word: str) -> bool:
    if word.upper().startswith(PREFIX):
        return all(len(part) < 20 for part in word[len(PREFIX) :].split("__"))
    return len(word) < 32 and not any(letter.isdigit() for letter in word)


def _told_once(found: list[ErrorDetails], models: Models) -> Iterator[ErrorDetails]:
    """Name `every` as what a job without a time lacks, and nothing where that key or `cron` is only misspelt."""
    misspelt = {
        loc[:2]
        for loc in (problem["loc"] for problem in found if problem["type"] == "extra_forbidden")
        if len(loc) == 4 and _nearest(str(loc[3]), models[str(loc[2])].model_fields) in ("every", "cron")
    }
    for problem in found:
        if problem["type"] != "no_time":
            yield problem
        elif problem["loc"][:2] not in misspelt:
            yield {**problem, "loc": (*problem["loc"][:-1], "every")}


def _line(lines: Mapping[Place, int], problem: ErrorDetails, from_env: Mapping[str, Any]) -> str:
    """Return "line 12: " for what the file has wrong, "" for what the environment has."""
    path = problem["loc"]
    if _variable(from_env, path):
        return ""
    if path[:1] == ("jobs",):  # pydantic names the kind of the job within its place
        path = (*path[:2], *path[3:])
        if problem["type"].startswith("union_tag"):
            path = (*path, "kind")
    line = line_of(lines, path)
    return "" if line is None else f"line {line}: "


def _explain(problem: ErrorDetails, merged: Mapping[str, Any], from_env: Mapping[str, Any], models: Models) -> str:
    """Return one problem as `place: key: sentence`; the caller takes secrets out."""
    if problem["loc"] == ("jobs",):
        return "[jobs]: write [[jobs]], with two brackets, once for each job"
    if problem["loc"] == ("copies",) and problem["type"] != "value_error":
        return "[copies]: write [[copies]], with two brackets, once for each copy"
    place, model, keys = _place(problem, merged, models)
    if variable := _variable(from_env, problem["loc"]):
        place = f"environment variable {variable}, {place}"
    kind = problem["type"]
    if kind == "extra_forbidden" and model is Config:
        return f"[{place}]: there is no such table{_did_you_mean(place, Config.model_fields)}"
    if kind == "extra_forbidden":
        return f"{place}: {_unknown_key(str(problem['loc'][-1]), model)}"
    key = ": ".join(f"entry {part + 1}" if isinstance(part, int) else part for part in keys)
    sentence = _too_large(model, keys) if kind == "int_parsing_size" else _sentence(problem, models)
    return f"{place}: {key}: {sentence}" if key else f"{place}: {sentence}"


def _too_large(model: type[BaseModel], keys: tuple[int | str, ...]) -> str:
    """Return what is said of a number that is too large to be read."""
    field = model.model_fields.get(str(keys[0])) if keys else None
    greatest = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None) if field else None
    return f"it must be less than or equal to {greatest or sys.maxsize}"


def _place(
    problem: ErrorDetails, merged: Mapping[str, Any], models: Models
) -> tuple[str, type[BaseModel], tuple[int | str, ...]]:
    """Return the table as the user knows it, its model, and the keys below it."""
    head, *rest = problem["loc"]
    if head == "jobs" and rest and isinstance(rest[0], int):
        number, *keys = rest
        job = merged["jobs"][number]
        name = job.get("name") if isinstance(job, dict) else None
        place = f'[[jobs]] "{name}"' if isinstance(name, str) else f"[[jobs]] number {int(number) + 1}"
        model = models.get(str(keys[0]), Config) if keys else Config
        return place, model, tuple(keys[1:])
    if head == "copies":
        number, keys = (f" number {int(rest[0]) + 1}", rest[1:]) if rest else ("", [])
        return f"[[copies]]{number}", CopyConfig, tuple(keys)
    if head in _TABLES:
        return f"[{head}]", _TABLES[str(head)], tuple(rest)
    return str(head), Config, ()


def _variable(from_env: Mapping[str, Any], loc: tuple[int | str, ...]) -> str:
    """Return the environment variable that gave the wrong value, or "" when the file did."""
    at: Any = from_env
    names = []
    for part in loc:
        if not isinstance(at, Mapping):
            break
        if part not in at:
            return ""
        names.append(str(part).upper())
        at = at[part]
    return PREFIX + "__".join(names)


def _unknown_key(key: str, model: type[BaseModel]) -> str:
    known = model.model_fields
    hint = _did_you_mean(key, known) or f"; known here are {', '.join(known)}"
    return f"{key if len(key) <= 40 else f'{key[:4]}...'}: there is no such key{hint}"


def _did_you_mean(word: str, known: Mapping[str, object]) -> str:
    close = _nearest(word, known)
    return f"; did you mean {close}?" if close else ""


def _nearest(word: str, known: Mapping[str, object]) -> str | None:
    return next(iter(difflib.get_close_matches(word.lower().replace("-", "_"), known, n=1)), None)


def _sentence(problem: ErrorDetails, models: Models) -> str:
    details = problem.get("ctx", {})
    match problem["type"]:
        case "value_error":
            return str(details["error"])
        case "missing":
            return "it is missing; add it"
        case "literal_error":
            return f"it must be {details['expected']}"
        case "union_tag_invalid":
            hint = _did_you_mean(details["tag"], models)
            return f"kind: {details['tag']!r} is not a kind of job{hint}; choose from {', '.join(models)}"
        case "union_tag_not_found":
            return f"kind: it is missing; choose from {', '.join(models)}"
        case "bool_type" | "bool_parsing":
            return "it must be true or false, without quotes"
        case "int_type" | "int_parsing" | "int_from_float":
            return "it must be a whole number, without quotes"
        case "string_type":
            return "it must be text, in quotes"
        case "tuple_type" | "list_type":
            return 'it must be a list, like ["one", "two"]'
        case "string_pattern_mismatch":
            return f"it has a form that is not allowed (it must match {details['pattern']})"
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return "it must be a table"
        case _:
            return problem["msg"].replace("Input should be", "it must be")
