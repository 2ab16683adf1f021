"""Backups of a mirror: made while it is written, checked without it, and restored to an empty root."""
