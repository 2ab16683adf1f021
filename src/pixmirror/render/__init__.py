"""Thumbnails: small pictures of stored files, made in a process of its own, kept within a cap, gone at any time.

`Thumbs` is what the gallery uses. Nothing in `thumbs/` and `thumbs.db` is the user's own: both may be deleted, and
are made again from the files that are here.
"""
