"""Runs the versions on the connection that pixmirror.catalogue.migrate hands over; never logs or prints."""

from pixmirror.catalogue.gallery.schema import metadata
from pixmirror.catalogue.migrate import run_versions

target_metadata = metadata
run_versions(target_metadata)
