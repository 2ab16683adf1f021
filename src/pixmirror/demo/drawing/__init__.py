"""Draws what the works of the demo look like, with Pillow alone and from a seed: the same bytes every time."""
