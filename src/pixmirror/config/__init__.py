"""The user's configuration: one TOML file, the environment over it, all problems at once. See docs/config.md.

Sizes are bytes, durations seconds, paths absolute, once read. Only cli, daemon and demo import this.
"""

from pixmirror.config.loading import example_text, find_config, load, user_config
from pixmirror.config.model import Config, MirrorConfig, NotifyConfig, PixivConfig
from pixmirror.config.secrets import WebLogin, read_refresh_token, read_web_login, secret_files
from pixmirror.models.jobs import (
    ILLUST_MODES,
    NOVEL_MODES,
    BookmarksJob,
    FollowingJob,
    Job,
    JobConfig,
    RankingJob,
    UserJob,
)
from pixmirror.models.values import QuietHours, home_folder

__all__ = [
    "ILLUST_MODES",
    "NOVEL_MODES",
    "BookmarksJob",
    "Config",
    "FollowingJob",
    "Job",
    "JobConfig",
    "MirrorConfig",
    "NotifyConfig",
    "PixivConfig",
    "QuietHours",
    "RankingJob",
    "UserJob",
    "WebLogin",
    "example_text",
    "find_config",
    "home_folder",
    "load",
    "read_refresh_token",
    "read_web_login",
    "secret_files",
    "user_config",
]
