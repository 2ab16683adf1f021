"""What notices are about."""

from enum import StrEnum


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
