"""What all outputs share: one way for frames, in order, private, drawn once, tried again after a failure."""

import logging
import math
import queue
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack

from ..support.errors import OutputError
from ..support.values import Frame, Observation, Status
from . import Output, OutputOptions, View
from .annotate import Rate
from .privacy import Privacy

log = logging.getLogger(__name__)

AGAIN_S = 30.0
WAITING_BYTES = 48_000_000  # of pictures that may wait for an output's thread
LEAST_WAITING = 2  # however large a picture is
STOP_S = 4.0  # a camera's frames that wait for longer when the run ends are dropped


class Outputs:
    """All outputs of a run as one.

    Each gets what `Privacy` lets it see. An output of a camera's run that fails is a warning: the
    others go on, and it is tried again later. The outputs are called in their order, so the last
    one, which feeds the watchdog, hears of a frame when every other has taken it.
    """

    def __init__(
        self,
        outputs: Sequence[Output],
        privacy: Privacy | None = None,
        live: bool = False,
        show_rate: bool = False,
    ) -> None:
        """Take over the outputs.

        Args:
            privacy: what they may see; everything, if not given.
            live: the source is a camera, whose run an output's failure does not end.
            show_rate: draw frames per second into the annotated picture.
        """
        self._privacy = privacy or Privacy()
        self._branches = [_Branch(output, retry=live) for output in outputs]
        self._patient = any(output.patient for output in outputs)
        self._rate = Rate() if show_rate else None
        self._dropped_before = 0

    @property
    def dropped(self) -> int:
        """Frames that outputs left out, in all."""
        here = self._privacy.dropped + sum(branch.dropped for branch in self._branches)
        return self._dropped_before + here

    def dropped_by(self, names: Sequence[str]) -> dict[str, int]:
        """Return the frames that outputs left out, by these names of the first ones."""
        counts: Counter[str] = Counter()
        for name, branch in zip(names, self._branches, strict=False):
            counts[name] += branch.dropped
        return dict(counts)

    def write(self, frame: Frame, observation: Observation) -> None:
        """Hand on a frame, which stays borrowed until this returns. Raises: OutputError."""
        fps = self._rate.tick() if self._rate else 0.0
        view, seen = self._privacy.at_once(frame, observation, fps)
        due = list(self._privacy.later(frame, observation, fps)) if self._patient else []
        if len(due) == 1 and due[0][0].index == frame.index:
            due = [(view, seen)]  # nothing is held: the same picture for all
        for branch in self._branches:
            for late_view, late_seen in due if branch.output.patient else [(view, seen)]:
                branch.write(late_view, late_seen)
        for used in (view, *(late for late, _ in due)):
            used.release()

    def status(self, status: Status) -> None:
        """Hand on what the source does while it gives no frame."""
        for branch in self._branches:
            branch.status(status)

    def close(self) -> None:
        """Hand on what was held and close every output. Raises: OutputError of the first."""
        self._close(self._branches)

    def take_over(self, before: "Outputs") -> None:
        """Close those `before`, except for outputs that are among these, too; these go on.

        Raises:
            OutputError: one cannot be closed; all others are.
        """
        serving = {id(branch.output): branch for branch in before._branches}
        ours = {id(branch.output) for branch in self._branches}
        leaving = [branch for branch in before._branches if id(branch.output) not in ours]
        self._branches = [serving.get(id(b.output), b) for b in self._branches]
        try:
            before._close(leaving)
        finally:
            lost = sum(branch.dropped for branch in leaving)
            self._dropped_before = before._dropped_before + before._privacy.dropped + lost

    def _close(self, branches: "list[_Branch]") -> None:
        with ExitStack() as closing:
            for branch in reversed(branches):
                closing.callback(branch.output.close)
            if self._patient:
                for view, seen in self._privacy.rest():
                    for branch in self._branches:
                        if branch.output.patient:
                            branch.write(view, seen)


class _Branch:
    """One output, with what it lost."""

    def __init__(self, output: Output, retry: bool) -> None:
        self.output = output
        self._retry = retry
        self._lost = 0
        self._failed_s: float | None = None

    @property
    def dropped(self) -> int:
        return self.output.dropped + self._lost

    def write(self, frame: View, observation: Observation) -> None:
        if self._resting:
            self._lost += 1
            return
        try:
            self.output.write(frame, observation)
        except OutputError as error:
            self._lost += 1
            self._fail(error)
            return
        if self._failed_s is not None:
            self._failed_s = None
            log.warning("recording again; %d frames were left out in all", self._lost)

    def status(self, status: Status) -> None:
        if self._resting:
            return
        try:
            self.output.status(status)
        except OutputError as error:
            self._fail(error)

    @property
    def _resting(self) -> bool:
        return self._failed_s is not None and time.monotonic() - self._failed_s < AGAIN_S

    def _fail(self, error: OutputError) -> None:
        if not self._retry:
            raise error
        if self._failed_s is None:
            log.warning("%s; going on without, trying again every %.0f s", error, AGAIN_S)
        self._failed_s = time.monotonic()


class Postponed(Output):
    """Stands for an output of a camera's run that could not be opened; each write tries again."""

    def __init__(self, cls: type[Output], options: OutputOptions, error: OutputError) -> None:
        """Report why it could not be opened."""
        self.color, self.patient = cls.color, cls.patient
        self._cls, self._options = cls, options
        self._output: Output | None = None
        log.warning("%s; going on without, trying again every %.0f s", error, AGAIN_S)
        self._tried_s = time.monotonic()

    @property
    def dropped(self) -> int:  # type: ignore[override]
        return self._lost + (self._output.dropped if self._output else 0)

    _lost = 0

    def write(self, frame: View, observation: Observation) -> None:
        if self._output is None:
            if time.monotonic() - self._tried_s < AGAIN_S:
                self._lost += 1
                return
            self._tried_s = time.monotonic()
            self._output = self._cls(self._options)
            log.warning("%s: opened now", self._options.target)
        self._output.write(frame, observation)

    def status(self, status: Status) -> None:
        if self._output is not None:
            self._output.status(status)

    def close(self) -> None:
        if self._output is not None:
            self._output.close()


class Background(Output):
    """Base of an output that works in a thread of its own, on frames in their order.

    Implement `work`, which runs in the thread. The queue is bounded in bytes. A camera's frame that
    finds it full is dropped and counted; a file's waits. An error in the thread reaches the next
    `write`, or `close`; from a camera's run it is told once, and `work` goes on with the next frame.
    """

    color = True

    def __init__(self, options: OutputOptions, name: str) -> None:
        """Begin.

        Args:
            name: of the thread.
        """
        self.dropped = 0
        self._wait = not options.live
        self._stop_s = math.inf
        self._name = name
        self._items: queue.Queue[tuple[View, Observation, float] | None] = queue.Queue()
        self._room = threading.Condition()
        self._waiting = self._waiting_bytes = 0
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None

    def write(self, frame: View, observation: Observation) -> None:
        if error := self._error:
            self._error = error if self._wait else None
            raise error
        size = _bytes(frame)
        with self._room:
            while not self._has_room(size):
                if not self._wait:
                    self.dropped += 1
                    return
                self._room.wait()
            self._waiting += 1
            self._waiting_bytes += size
        frame.color()  # taken now, while the frame is borrowed; drawn into in the thread
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._items.put((frame, observation, time.monotonic()))

    def work(self, frame: View, observation: Observation, taken_s: float) -> None:
        """Use one frame; `taken_s` is `time.monotonic()` when the analysis handed it over."""
        raise NotImplementedError

    def finish(self) -> None:
        """End the work in the thread, after the last frame, unless it failed."""

    def close(self) -> None:
        if self._thread:
            if not self._wait:
                self._stop_s = time.monotonic() + STOP_S
            self._items.put(None)
            self._thread.join()
            self._thread = None
        if self._error:
            raise self._error

    def _has_room(self, size: int) -> bool:
        return self._waiting < LEAST_WAITING or self._waiting_bytes + size <= WAITING_BYTES

    def _run(self) -> None:
        # After an error the rest is taken and left, until the analysis hears of it.
        while (item := self._items.get()) is not None:
            frame, observation, taken_s = item
            try:
                if time.monotonic() > self._stop_s:
                    self.dropped += 1
                elif not self._error:
                    self.work(frame, observation, taken_s)
            except Exception as error:
                self._error = error
            with self._room:
                self._waiting -= 1
                self._waiting_bytes -= _bytes(frame)
                self._room.notify()
        try:
            if not self._error:
                self.finish()
        except Exception as error:
            self._error = error


def _bytes(frame: View) -> int:
    """Return the size of a frame's colour picture."""
    return frame.size[0] * frame.size[1] * 3
