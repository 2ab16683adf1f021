from collections.abc import Iterator

import pytest

from tests.children import Children, forking


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def children() -> Iterator[Children]:
    with forking() as found:
        yield found
