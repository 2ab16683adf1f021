"""Runs the versions on the connection that pixmirror.catalogue.migrate hands over; never logs or prints."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
