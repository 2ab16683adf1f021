"""Runs the versions on the connection that pixmirror.catalogue.migrate hands over; never logs or prints."""

from pixmirror.catalogue.migrate import run_versions
from pixmirror.catalogue.schema import metadata

target_metadata = metadata
run_versions(target_metadata)
