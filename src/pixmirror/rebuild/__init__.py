"""Rebuild everything derived from what is primary (architecture: kept raw)."""
