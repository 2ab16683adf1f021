"""A catalogue filled as ingestion fills it, and the index that follows it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.seen import Seen
from pixmirror.ingest.works import record_works
from tests.catalogue import builders
from tests.catalogue.builders import works

FIRST = builders.seen()


@pytest.fixture
def index(db: Database) -> Iterator[Index]:
    made = Index(db.path.parent)
    yield made
    made.close()


@pytest.fixture
def came(db: Database) -> Callable[..., None]:
    """came(illust(1), novel(2), ..., seen=...): a page of works is recorded."""

    def record(*raws: dict[str, Any], seen: Seen = FIRST) -> None:
        db.run_sync(record_works, seen, works(*raws), {})

    return record


def follow(index: Index) -> None:
    """Let the index do all that there is to do."""
    while index.step():
        pass
