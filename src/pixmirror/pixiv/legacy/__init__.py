"""The dead Public API and SPAPI: what was asked of them, and what old dumps of them say, in today's models.

Nothing here is ever sent: both hosts are gone (pixiv.md 12).
"""
