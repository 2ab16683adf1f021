"""The catalogue: one SQLite file that says what Pixiv said, what is stored, what is missing and why."""
