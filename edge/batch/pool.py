"""Worker processes that may crash: each input is analysed in one, and a crash costs that input only."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from ..support.errors import BatchError
from .inputs import Input
from .options import BatchOptions

STALL_S = 600.0  # a worker that reports nothing for so long hangs


@dataclass(frozen=True)
class Event:
    """What a worker reports of an input.

    Attributes:
        share: how much of it is done, 0..1.
        result: its summary, once it is finished.
    """

    item: Input
    share: float
    result: dict[str, Any] | None = None


class Pool:
    """Some worker processes that share a list of inputs; used with `with`."""

    def __init__(
        self, inputs: Iterable[Input], options: BatchOptions, out: Path, jobs: int
    ) -> None:
        """Start `jobs` workers on the inputs, in this order; records are written below `out`."""
        self._waiting = deque(inputs)
        self._left = len(self._waiting)
        self._events: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        slots = min(jobs, self._left)
        self._slots = [_Slot(self._waiting, options, out, self._events) for _ in range(slots)]

    def __enter__(self) -> Self:
        for slot in self._slots:
            slot.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        for slot in self._slots:
            slot.end()
        for slot in self._slots:
            slot.join()

    def __iter__(self) -> Iterator[Event]:
        """Yield what the workers report until every input is finished. Raises: BatchError."""
        while self._left:
            try:
                event = self._events.get(timeout=1.0)
            except queue.Empty:
                for slot in self._slots:
                    slot.end_if_stalled()
                continue
            if isinstance(event, Exception):
                raise event
            self._left -= event.result is not None
            yield event


class _Slot(threading.Thread):
    """Holds one worker process at a time, and gives it one input after the other."""

    def __init__(
        self,
        waiting: deque[Input],
        options: BatchOptions,
        out: Path,
        events: "queue.SimpleQueue[Event | Exception]",
    ) -> None:
        super().__init__(name="batch worker", daemon=True)
        self._waiting, self._options, self._out, self._events = waiting, options, out, events
        self._process: subprocess.Popen[str] | None = None
        self._heard_s = time.monotonic()
        self._lock = threading.Lock()
        self._ended = self._stalled = False

    def run(self) -> None:
        try:
            while self._waiting:
                try:
                    item = self._waiting.popleft()
                except IndexError:
                    break
                result = self._analyse(item) or (None if self._ended else self._analyse(item, True))
                if result is None:
                    break
                self._events.put(Event(item, 1.0, result))
        except Exception as error:
            if not self._ended:
                self._events.put(error)
        finally:
            self._stop()

    def end(self) -> None:
        """Kill the process; nothing more is reported."""
        with self._lock:
            self._ended = True
            if self._process:
                self._process.kill()

    def end_if_stalled(self) -> None:
        with self._lock:
            if self._process and time.monotonic() - self._heard_s > STALL_S:
                self._stalled = True
                self._process.kill()

    def _analyse(self, item: Input, again: bool = False) -> dict[str, Any] | None:
        """Return the summary of an input; None if the process crashed, unless it did so `again`."""
        stdin, stdout = self._pipes()
        target = self._out / item.records
        job = {"name": item.name, "path": str(item.path.absolute()), "kind": item.kind}
        self._heard_s = time.monotonic()
        with contextlib.suppress(BrokenPipeError):  # it crashed: the answers say so
            stdin.write(json.dumps({**job, "target": str(target)}) + "\n")
            stdin.flush()
        for line in stdout:
            self._heard_s = time.monotonic()
            said = json.loads(line)
            if "progress" in said:
                self._events.put(Event(item, said["progress"]))
            if "done" in said:
                result: dict[str, Any] = said["done"]
                if result.pop("fatal", False):
                    raise BatchError(result["error"])
                return result
        status = self._stop()
        if self._ended or not again:
            return None
        from .analysis import Summary

        why = f"reported nothing for {STALL_S:.0f} s" if self._stalled else _ending(status)
        self._stalled = False
        return {**Summary().as_dict(), "error": f"its decoding {why}; the file may be damaged"}

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        """Return the pipes of a worker that is ready. Raises: BatchError if none can be started."""
        if self._process is None:
            started = subprocess.Popen(
                [sys.executable, "-m", "edge.batch.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
            with self._lock:
                self._process, self._heard_s = started, time.monotonic()
                if self._ended:
                    started.kill()
            stdin, stdout = _both(started)
            stdin.write(json.dumps(asdict(self._options)) + "\n")
            stdin.flush()
            if not stdout.readline():
                raise BatchError(f"a worker process {_ending(self._stop())} when it was started")
            return stdin, stdout
        return _both(self._process)

    def _stop(self) -> int:
        """End the process, and return its status."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in _both(process):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        return process.wait()


def _both(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise BatchError("a worker process has no pipes")
    return process.stdin, process.stdout


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    import signal

    return f"was ended by {signal.Signals(-status).name}"
