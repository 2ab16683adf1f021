"""Logging."""


def hide(secret: str) -> None: ...
