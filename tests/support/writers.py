"""Jobs that go on writing while something else runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def written(act: Callable[[int], object], pause: float = 0.002) -> Iterator[None]:
    """`act` again and again, until the end."""
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.wait(pause):
            number += 1
            act(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()
