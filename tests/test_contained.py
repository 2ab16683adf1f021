"""The last catch: one thing's failure is that thing's, and speaks of the disk where it is the disk's."""

import errno
import logging

import pytest

from pixmirror.contained import contained, no_descriptor
from pixmirror.errors import BadResponse, DiskFull, StorageError, Unforeseen
from pixmirror.models import split_key


def failing(error: Exception, before: str | None = None) -> str:
    with pytest.raises(Unforeseen) as caught, contained("The list user/illusts", before):
        raise error
    assert caught.value.scope == "item"
    return str(caught.value)


def test_any_exception_becomes_a_failure_of_the_one_thing_named_without_its_values() -> None:
    text = failing(ValueError("a value that may be secret"))
    assert text.startswith("The list user/illusts: ValueError")
    assert "secret" not in text


def test_our_own_errors_pass_as_they_are() -> None:
    with pytest.raises(BadResponse), contained("x"):
        raise BadResponse("not what it must be")


@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, DiskFull), (errno.EMFILE, StorageError)])
def test_what_speaks_of_the_disk_or_the_process_is_an_error_of_storage(
    code: int, kind: type[StorageError]
) -> None:
    with pytest.raises(kind) as caught, contained("x"):
        raise OSError(code, "it is so")
    assert caught.value.exit_code == 6


def test_an_error_of_the_system_about_one_file_is_that_things_failure() -> None:
    assert "NotADirectoryError" in failing(NotADirectoryError(errno.ENOTDIR, "not a folder"))


def test_the_trace_is_logged_once_for_each_kind_of_failure(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        first = failing(KeyError("offset"))
        assert failing(KeyError("offset"), first) == first
        assert len(caplog.records) == 1
        assert caplog.records[0].exc_info is not None
        failing(ValueError("offset"), first)
        assert len(caplog.records) == 2


def test_what_a_group_holds_is_named_by_its_place() -> None:
    inner: list[Exception] = []
    try:
        split_key("not a number")  # type: ignore[arg-type]
    except TypeError as error:
        inner.append(error)
    assert ".py:" in failing(ExceptionGroup("together", inner))


def test_too_many_open_files_are_found_behind_a_failed_connection() -> None:
    outer, inner = ConnectionError("no connection"), OSError(errno.EMFILE, "Too many open files")
    outer.__cause__ = inner
    found = no_descriptor(outer)
    assert isinstance(found, StorageError)
    assert "ulimit -n" in str(found)


def test_errors_that_are_each_others_causes_are_looked_at_once() -> None:
    first, second = ConnectionError("one"), ConnectionError("two")
    first.__cause__, second.__cause__ = second, first
    assert no_descriptor(first) is None
