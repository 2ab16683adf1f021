"""What does the work, for `pixmirror run` and `pixmirror sync`. To be read in this order:

mirror    open and close a mirror: lock, catalogue, Pixiv client, credentials, and its jobs (job_changes)
engine    the loops: they walk lists and do chores (asking), fetch files (fetching), write sidecars, do upkeep
wakeups   how the loops wake each other
trouble   what stands still, how long to wait, and what the user is told
sync      run jobs once, and report; before an account's first sync first_look asks, replay hands on answers
serve     run jobs for good: the schedule, pauses, reloading, the socket's commands, and facts for status
"""
