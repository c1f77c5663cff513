"""Read a live source in a thread of its own and always offer its newest frame."""

import math
import threading
import time
from collections.abc import Generator, Iterable, Iterator

from ..support.values import Frame

TICK_S = 0.1  # how soon a stop or a deadline is seen while no frame comes
_THREAD = "capture"


class Newest:
    """Iterate over the newest frames of a live source; those that come too late are dropped.

    Attributes:
        dropped: frames that the source gave and nobody took.
        error: what the source raised, once it has `ended`.
    """

    def __init__(
        self, source: Iterable[Frame], stop: threading.Event, deadline: float = math.inf
    ) -> None:
        """Take over `source` until `stop` is set or `time.perf_counter()` reaches `deadline`."""
        self.dropped = 0
        self.error: Exception | None = None
        self._source = source
        self._stop = stop
        self._deadline = deadline
        self._ready = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._read, name=_THREAD, daemon=True)

    def __iter__(self) -> Iterator[Frame]:
        self.start()
        while not self._over():
            frame = self.take(TICK_S)
            if frame is not None:
                yield frame
            elif self.ended:
                break
        if self.error:
            raise self.error

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self, timeout_s: float) -> Frame | None:
        """Return the newest frame nobody has taken; None if none came in time."""
        with self._ready:
            if self._frame is None and not self._ended:
                self._ready.wait(timeout_s)
            if self._over():
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

    def _over(self) -> bool:
        return self._stop.is_set() or time.perf_counter() >= self._deadline

    def _read(self) -> None:
        frames = iter(self._source)
        try:
            for frame in frames:
                with self._ready:
                    gone = self._ended or self._stop.is_set()
                    late, self._frame = self._frame, None if gone else frame
                    self._ready.notify()
                if late is not None:
                    late.release()
                    self.dropped += 1
                if gone:
                    frame.release()
                    break
        except Exception as error:
            self.error = error
        finally:
            if isinstance(frames, Generator):
                self._finish(frames)
            with self._ready:
                self._ended = True
                self._ready.notify()

    def _finish(self, frames: Generator[Frame]) -> None:
        """Let a source that opened within its iteration close here, in the thread that opened it."""
        try:
            frames.close()
        except Exception as error:
            self.error = self.error or error


def is_held() -> bool:
    """Whether a source holds a thread of this process, as a call does that hangs."""
    return any(thread.name == _THREAD for thread in threading.enumerate())
