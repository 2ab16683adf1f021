"""${message}

Revision ID: ${up_revision}
The way back is the copy made before: gallery.${down_revision}.bak.db, or that of an older schema.
"""

import sqlalchemy as sa
from alembic import op

from pixmirror.catalogue.migrate import refuse_downgrade

revision = "${up_revision}"
down_revision = "${down_revision}"
downgrade = refuse_downgrade


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
