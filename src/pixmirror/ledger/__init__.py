"""What became of things upstream (law 6): doubts, the judge, what is missing, what survives only here."""
