"""The work itself, in this order for a reader:

mirror opens a mirror and closes it · engine has the loops: walkers walk lists, fetching hands out files, sidecars
writes them, upkeep does the rest now and then · wakeups wakes the loops, outage lets them wait while Pixiv does
not answer, trouble keeps what stands still and tells the user · sync runs it all once, serve runs it for good,
with pauses, status and the commands of the socket.
"""
