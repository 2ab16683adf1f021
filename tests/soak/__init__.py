"""Hours of the running service beside a Pixiv that goes on: what it holds of memory, descriptors and disk."""
