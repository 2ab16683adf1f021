"""Tests of the demo Pixiv."""
