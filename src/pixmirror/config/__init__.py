"""The user's configuration: one TOML file, the environment over it, all problems at once. See docs/config.md.

Sizes are bytes, durations seconds, paths absolute, once read. Only cli, daemon, gallery and
demo import this.
"""

from pixmirror.config.loading import example_text, find_config, load, user_config
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
from pixmirror.config.secrets import (
    WebLogin,
    config_to_back_up,
    gallery_password_file,
    has_web_login,
    holds_a_secret,
    read_gallery_password,
    read_refresh_token,
    read_web_login,
    secret_files,
)
from pixmirror.models.values import QuietHours, home_folder

__all__ = [
    "BackupConfig",
    "Config",
    "CopyConfig",
    "GalleryConfig",
    "HttpConfig",
    "MirrorConfig",
    "NotifyConfig",
    "PixivConfig",
    "QuietHours",
    "ScrubConfig",
    "WebLogin",
    "config_to_back_up",
    "example_text",
    "find_config",
    "gallery_password_file",
    "has_web_login",
    "holds_a_secret",
    "home_folder",
    "load",
    "read_gallery_password",
    "read_refresh_token",
    "read_web_login",
    "secret_files",
    "user_config",
]
