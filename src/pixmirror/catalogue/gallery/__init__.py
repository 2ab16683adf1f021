"""gallery.db: what is the user's own. Its tables, the functions that write them, and its one writer."""
