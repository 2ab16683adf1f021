"""The time machine: versions told from the answers that are kept."""
