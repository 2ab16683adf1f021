"""search.db: words of all works, and rows of the grid; derived from the catalogue, made again when lost."""
