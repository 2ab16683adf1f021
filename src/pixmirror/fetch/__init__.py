"""From wanted to stored: fetchers claim files, stream them to disk, verify them and tell the catalogue."""
