"""Read a live source in a thread of its own and always offer its newest frame."""

import math
import threading
import time
from collections.abc import Iterator

from ..values import Frame
from . import Source


class Newest:
    """Iterate over the newest frames of a live source; those that come too late are dropped.

    Attributes:
        dropped: frames that the source gave and nobody took.
    """

    def __init__(self, source: Source, stop: threading.Event, deadline: float = math.inf) -> None:
        """Take over `source` until `stop` is set or `time.perf_counter()` reaches `deadline`."""
        self.dropped = 0
        self._source = source
        self._stop = stop
        self._deadline = deadline
        self._ready = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name="capture", daemon=True)

    def __iter__(self) -> Iterator[Frame]:
        self._thread.start()
        while (frame := self._take()) is not None:
            yield frame
        if self._error:
            raise self._error

    def _over(self) -> bool:
        return self._stop.is_set() or time.perf_counter() >= self._deadline

    def close(self) -> None:
        """End the thread; a frame that nobody took goes back to the source."""
        self._ended = True
        # A capture call that never returns must not keep the program from ending.
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)
        if self._frame is not None:
            self._frame.release()
            self._frame = None

    def _read(self) -> None:
        try:
            for frame in self._source:
                if self._stop.is_set() or self._ended:
                    frame.release()
                    break
                with self._ready:
                    late, self._frame = self._frame, frame
                    self._ready.notify()
                if late is not None:
                    late.release()
                    self.dropped += 1
        except Exception as error:
            self._error = error
        finally:
            with self._ready:
                self._ended = True
                self._ready.notify()

    def _take(self) -> Frame | None:
        with self._ready:
            while self._frame is None and not self._ended and not self._over():
                self._ready.wait(timeout=0.1)
            if self._over():
                return None
            frame, self._frame = self._frame, None
            return frame
