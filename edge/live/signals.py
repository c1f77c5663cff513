"""Signals that ask a run to end or to read its settings again, as events."""

import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def events_of_signals(
    stop: threading.Event, again: threading.Event | None = None
) -> Iterator[None]:
    """Set `stop` on SIGINT and SIGTERM, and `again` on SIGHUP, where there is one.

    The second SIGINT or SIGTERM raises KeyboardInterrupt in the main thread. A handler sets no event
    itself: what it interrupts may hold that event's lock, and both would wait forever. So a thread
    does it; a `SimpleQueue` takes items from handlers safely. To be entered by the main thread.
    """
    arrived: queue.SimpleQueue[threading.Event | None] = queue.SimpleQueue()
    ends: list[int] = []

    def end(number: int, frame: Any) -> None:
        if ends:
            raise KeyboardInterrupt("the second time")
        ends.append(number)
        arrived.put(stop)

    handlers: dict[int, Any] = {signal.SIGINT: end, signal.SIGTERM: end}
    if again and hasattr(signal, "SIGHUP"):
        handlers[signal.SIGHUP] = lambda number, frame: arrived.put(again)
    thread = threading.Thread(target=_set_all, args=(arrived,), name="signals", daemon=True)
    thread.start()
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        arrived.put(None)


def _set_all(arrived: "queue.SimpleQueue[threading.Event | None]") -> None:
    while (event := arrived.get()) is not None:
        event.set()
