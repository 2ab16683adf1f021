"""What the own account keeps to itself: mutes, watch lists, markers, blocks and settings."""

from dataclasses import dataclass, field


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
