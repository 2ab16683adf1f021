"""What variables of the environment set, as the tables of the config file."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from pixmirror.config.model import Config
from pixmirror.errors import ConfigError


class _Settings(BaseSettings, Config):
    """Config as pydantic-settings needs it to read the environment; never built."""

    model_config = SettingsConfigDict(env_nested_delimiter="__")


def read(variables: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Return what these variables, named with `prefix`, set. ConfigError names all that are no JSON."""
    source = EnvSettingsSource(_Settings, env_prefix=prefix)

    def values_of(names: Iterable[str]) -> dict[str, Any] | None:
        source.env_vars = {name.lower(): variables[name] for name in names}
        try:
            return source()
        except SettingsError:  # its text and its cause hold the value
            return None

    if (values := values_of(variables)) is not None:
        return values
    wrong = tuple(
        f"{name}: it must be a list or a table, written as JSON" for name in variables if values_of([name]) is None
    )
    raise ConfigError("the configuration in the environment cannot be used:", wrong)
