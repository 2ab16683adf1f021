"""Everything derived, built again from what is primary (law 8)."""
