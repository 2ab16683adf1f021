"""Everything derived, built again from what is primary (architecture: kept raw)."""
