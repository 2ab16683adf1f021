"""Deciding what to ask Pixiv, and making catalogue of the answers: walks, jobs, lanes, filters."""
