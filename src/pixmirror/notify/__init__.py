"""Tell others how the mirror is: the user (notices), and systemd."""

from pixmirror.notify.notifier import Notifier as Notifier
from pixmirror.notify.notifier import Told as Told
from pixmirror.notify.receivers import Apprise as Apprise
from pixmirror.notify.receivers import Command as Command
from pixmirror.notify.receivers import NotTaken as NotTaken
from pixmirror.notify.receivers import Receiver as Receiver
from pixmirror.notify.receivers import Topic as Topic
from pixmirror.notify.systemd import sd_notify as sd_notify
from pixmirror.notify.systemd import watchdog_interval as watchdog_interval
