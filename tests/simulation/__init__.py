"""A year of the demo Pixiv, mirrored in virtual time with random downtime, and the check of every promise."""
