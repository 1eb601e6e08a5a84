import os
from collections.abc import Iterator

import pytest

from statuspage.core import stopping


@pytest.fixture(autouse=True)
def _go_on() -> Iterator[None]:
    yield
    stopping.take_back()


def test_a_child_learns_what_its_parent_was_asked() -> None:
    ask, asked = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(ask, 1)
        os._exit(10 if stopping.is_asked() else 11)
    assert not stopping.is_asked()
    stopping.ask()
    os.write(asked, b"!")
    _, status = os.waitpid(child, 0)
    os.close(ask)
    os.close(asked)
    assert os.waitstatus_to_exitcode(status) == 10
