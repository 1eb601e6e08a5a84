"""Whether this process was asked to stop, for work that takes longer than those who stop it will wait.

A prefork worker's children do not hear the signal: only their parent does. They share one byte of memory, made before
the fork, that the parent sets.
"""

import mmap

_shared = mmap.mmap(-1, 1)


def ask() -> None:
    """Everybody who shares the byte is to come to an end soon."""
    _shared[0] = 1


def is_asked() -> bool:
    return _shared[0] == 1


def take_back() -> None:
    """For tests, which go on."""
    _shared[0] = 0
