"""What became of things upstream: sightings, doubts, the judge (architecture: absent is not deleted)."""
