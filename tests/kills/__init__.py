"""A mirror that is killed at random moments, again and again, while one request in ten fails."""
