"""pixmirror keeps a complete, searchable, verifiable local mirror of the Pixiv that its user cares about."""

__version__ = "0.3.0.dev0"
