"""A plugin of coverage.py: threads that end do not hang CPython 3.11.

With ``concurrency = ["greenlet"]`` the tracer keeps the greenlets of each thread in a
``WeakKeyDictionary``. When a thread ends, greenlet destroys the thread's main greenlet
in a pending call of the main thread, and there the dictionary's callback, which is
Python code, is traced. If another thread has ended in that moment, another pending
call waits; CPython 3.11 then begins the first instruction of a traced function again
and again, for as long as one waits. So in threads that end an object of the thread
stands for its main greenlet.
"""

import threading
from typing import Any

import greenlet
from coverage.collector import Collector

_of_thread = threading.local()


class _Self:
    """Stands for the main greenlet of a thread; goes when the thread does."""


def _in_this_thread() -> object:
    current = greenlet.getcurrent()
    if current.parent is not None:
        return current
    found = getattr(_of_thread, "id", None)
    if found is None:
        found = _of_thread.id = _Self()
    return found


def _concur_id_func(_: Collector) -> Any:
    if threading.current_thread() is threading.main_thread():
        return greenlet.getcurrent
    return _in_this_thread


def coverage_init(*_: object) -> None:
    """Install it; coverage.py calls this before it traces."""
    is_chosen_here = property(_concur_id_func, lambda *_: None)
    Collector.concur_id_func = is_chosen_here  # type: ignore[assignment]  # was an attribute
