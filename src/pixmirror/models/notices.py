"""What notices are about."""

from enum import StrEnum
from typing import Literal, TypeAlias

Rhythm: TypeAlias = Literal["daily", "weekly"]  # of the digest


class Event(StrEnum):
    """The types of notices, as `notify.events` and PIXMIRROR_EVENT name them."""

    LOGIN = "login"
    WARNING = "warning"
    LIMIT = "limit"
    OUTAGE = "outage"
    DISK = "disk"
    JOB = "job"
    BACKUP = "backup"
    BRAKE = "brake"
    FAULT = "fault"
    DIGEST = "digest"
