"""The composition root: builds everything from the configuration, starts it, waits, stops it."""
