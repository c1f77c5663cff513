"""Read a live source in a thread of its own and always offer its latest frame."""

import threading
from collections.abc import Generator, Iterable

from ..support.values import Frame, Status

TICK_S = 0.1  # how soon a stop or a deadline is seen while no frame comes
_THREAD = "capture"


class Latest:
    """The latest frame of a live source; those that nobody takes in time are dropped.

    Attributes:
        dropped: frames that the source gave and nobody took.
        status: what the source itself last said of its state, if it ever did.
        error: what the source raised, once it has `ended`.
    """

    def __init__(self, source: Iterable[Frame | Status], stop: threading.Event) -> None:
        """Take over `source` until it ends or `stop` is set; reading begins with `start`."""
        self.dropped = 0
        self.status: Status | None = None
        self.error: Exception | None = None
        self._source = source
        self._stop = stop
        self._ready = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._read, name=_THREAD, daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self, timeout_s: float) -> Frame | None:
        """Return the latest frame nobody has taken; None if none came in time."""
        with self._ready:
            if self._frame is None and not self._ended and not self._stop.is_set():
                self._ready.wait(timeout_s)
            if self._stop.is_set():
                return None
            frame, self._frame = self._frame, None
            return frame

    @property
    def ended(self) -> bool:
        """Whether the source gives no more, and all it gave is taken."""
        return self._ended and self._frame is None

    @property
    def busy(self) -> bool:
        """Whether the source still holds the thread, as a capture call does that hangs."""
        return self._thread.is_alive()

    def leave(self) -> None:
        """Let the thread end by itself; a frame that nobody took goes back to the source."""
        with self._ready:
            self._ended = True
            frame, self._frame = self._frame, None
        if frame is not None:
            frame.release()

    def close(self) -> None:
        """End the thread, and wait a little for it."""
        self.leave()
        # A capture call that never returns must not keep the program from ending.
        if self.busy:
            self._thread.join(timeout=0.5)
        self.leave()

    def _read(self) -> None:
        items = iter(self._source)
        try:
            for item in items:
                if isinstance(item, Status):
                    self.status = item
                    continue
                with self._ready:
                    gone = self._ended or self._stop.is_set()
                    late, self._frame = self._frame, None if gone else item
                    self._ready.notify()
                if late is not None:
                    late.release()
                    self.dropped += 1
                if gone:
                    item.release()
                    break
        except Exception as error:
            self.error = error
        finally:
            if isinstance(items, Generator):
                self._finish(items)
            with self._ready:
                self._ended = True
                self._ready.notify()

    def _finish(self, items: Generator[Frame | Status]) -> None:
        """Let a source that opened within its iteration close here, in the thread that opened it."""
        try:
            items.close()
        except Exception as error:
            self.error = self.error or error
