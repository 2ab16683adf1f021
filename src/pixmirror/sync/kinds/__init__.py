"""The kinds of jobs, one file each; a new one is such a file and its line in KINDS."""

from pixmirror.sync.kinds import bookmarks, following, ranking, user
from pixmirror.sync.kinds.bookmarks import BookmarksJob
from pixmirror.sync.kinds.following import FollowingJob
from pixmirror.sync.kinds.kind import JobKind
from pixmirror.sync.kinds.ranking import RankingJob
from pixmirror.sync.kinds.user import UserJob

__all__ = ["KINDS", "BookmarksJob", "FollowingJob", "JobKind", "RankingJob", "UserJob"]

KINDS: dict[str, JobKind] = {
    "following": following.KIND,
    "user": user.KIND,
    "bookmarks": bookmarks.KIND,
    "ranking": ranking.KIND,
}
