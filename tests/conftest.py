"""What all tests need of this process."""

import signal


def pytest_configure() -> None:
    """Processes that we start must take Ctrl-C, also where the tests run in the background of a script."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
