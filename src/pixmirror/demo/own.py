"""What the own account keeps to itself: mutes, watch lists, markers, blocks, settings, drafts and uploads."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Own:
    """All of it; the order of each is that of adding."""

    muted_tags: list[str] = field(default_factory=list)
    muted_users: list[int] = field(default_factory=list)
    blocked: list[int] = field(default_factory=list)
    watched: dict[str, list[int]] = field(default_factory=lambda: {"illust": [], "novel": []})
    markers: dict[int, int] = field(default_factory=dict)
    show_ai: bool = True
    restricted: bool = False
    drafts: dict[int, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, "Upload"] = field(default_factory=dict)


@dataclass
class Upload:
    """An upload on its way to be a work, and how often it was asked about."""

    illust_id: int
    asked: int = 0
