"""What all tests need of this process."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine, or one that measures branches, is no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Processes that we start must take Ctrl-C, also where the tests run in the background of a script."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure branches in the tests of the parts alone: measuring takes half as long again."""
    for item in items:
        if Path(__file__).parent.joinpath("journeys") in item.path.parents:
            item.add_marker(pytest.mark.no_cover)
