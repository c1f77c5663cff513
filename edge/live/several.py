"""Several cameras in one process: each has its session in a thread of its own, none waits for another."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from ..outputs.systemd import Notifier, Together
from ..support.errors import ConfigError, EdgeEmoError
from .session import Outcome, Session, refuse
from .settings import RunConfig

log = logging.getLogger(__name__)

TICK_S = 0.2
STOP_S = 8.0  # that the cameras may take to end; systemd kills the process after ten
# After so long a service makes way for one that may open a camera that it cannot.
NEW_PROCESS_S = 3600.0
_THREAD = "camera "  # and the camera's name

Ended = Callable[[str, Outcome | EdgeEmoError], None]


@dataclass
class _Camera:
    """One camera that runs.

    Attributes:
        config: its settings; `again` asks the session to take on those that stand here now.
    """

    session: Session
    config: RunConfig
    again: threading.Event = field(default_factory=threading.Event)


def hold_sessions(
    configs: Mapping[str, RunConfig],
    stop: threading.Event,
    notifier: Notifier,
    again: threading.Event,
    reread: Callable[[], Mapping[str, RunConfig]],
    ended: Ended,
) -> bool:
    """Run a session for each camera until all have ended, or `stop` is set.

    What cannot be opened at the start is raised before any camera runs. A camera that fails later
    ends alone. Settings that are read again must be of the same cameras.

    Args:
        ended: is called, in this thread, with the name and the end of each camera.

    Returns:
        Whether a thread still hangs in a driver or an output: nothing may wait for it.

    Raises:
        EdgeEmoError: what cannot be opened at the start.
        Exception: what should not have happened in one of the cameras; the others are closed first.
    """
    together = Together(notifier, configs)
    cameras: dict[str, _Camera] = {}
    with ExitStack() as undo:
        for name, config in configs.items():
            session = Session(config, stop, together.part(name), name)
            undo.callback(session.close_quietly)
            cameras[name] = _Camera(session, config)
        undo.pop_all()
    return _Running(cameras, stop, notifier, together, ended).wait(again, reread)


class _Running:
    """The threads, and what has become of them."""

    def __init__(
        self,
        cameras: dict[str, _Camera],
        stop: threading.Event,
        notifier: Notifier,
        together: Together,
        ended: Ended,
    ) -> None:
        self._cameras = dict(cameras)  # that run
        self._names = tuple(cameras)
        self._stop, self._notifier, self._ended = stop, notifier, ended
        self._ends: queue.SimpleQueue[tuple[str, Outcome | BaseException]] = queue.SimpleQueue()
        self._unexpected: BaseException | None = None
        self._hung = False
        self._until_s: float | None = None  # monotonic: when a new process shall begin
        for name, camera in cameras.items():
            thread = threading.Thread(
                target=self._hold,
                args=(name, camera, together),
                name=_THREAD + name,
                daemon=True,  # one that hangs must not keep the process
            )
            thread.start()

    def wait(self, again: threading.Event, reread: Callable[[], Mapping[str, RunConfig]]) -> bool:
        """Look after the cameras until all have ended; return whether anything hangs."""
        give_up_s: float | None = None
        while self._cameras:
            self._take_end()
            now_s = time.monotonic()
            if self._until_s is not None and now_s >= self._until_s:
                log.warning("a new process begins, which may open the camera that has ended")
                self._stop.set()
            if self._stop.is_set():
                give_up_s = give_up_s or now_s + STOP_S
                if now_s >= give_up_s:
                    self._leave_the_rest()
            elif again.is_set():
                again.clear()
                self._reload(reread)
        if self._unexpected is not None:
            raise self._unexpected
        return self._hung

    def _hold(self, name: str, camera: _Camera, together: Together) -> None:
        end: Outcome | BaseException
        try:
            end = camera.session.hold(camera.again, lambda: camera.config)
        except BaseException as error:
            end = error
        together.stopping(name)
        self._ends.put((name, end))

    def _take_end(self) -> None:
        try:
            name, end = self._ends.get(timeout=TICK_S)
        except queue.Empty:
            return
        camera = self._cameras.pop(name)
        self._hung |= camera.session.opened.hung
        if isinstance(end, (Outcome, EdgeEmoError)):
            self._ended(name, end)
            if isinstance(end, EdgeEmoError) and self._notifier.listens:
                self._until_s = self._until_s or time.monotonic() + NEW_PROCESS_S
        else:
            self._unexpected = self._unexpected or end
            self._stop.set()

    def _leave_the_rest(self) -> None:
        self._hung = True
        for name in self._cameras:
            self._ended(name, EdgeEmoError(f"did not end within {STOP_S:.0f} s and is left"))
        self._cameras = {}

    def _reload(self, reread: Callable[[], Mapping[str, RunConfig]]) -> None:
        try:
            configs = reread()
            _check_same(self._names, configs)
        except EdgeEmoError as error:
            refuse(error)
            return
        for name, camera in self._cameras.items():
            camera.config = configs[name]
            camera.again.set()


def _check_same(names: Collection[str], configs: Mapping[str, RunConfig]) -> None:
    """Refuse settings of other cameras than these. Raises: ConfigError."""
    if others := sorted(set(names) ^ set(configs)):
        raise ConfigError(
            f"cameras: {', '.join(others)} cannot come or go while the program runs; restart it"
        )


@contextmanager
def named_in_log() -> Iterator[None]:
    """Put a camera's name before what its thread logs."""

    def name(record: logging.LogRecord) -> bool:
        thread = record.threadName or ""
        if thread.startswith(_THREAD):
            record.msg = f"{thread.removeprefix(_THREAD)}: {record.msg}"
            record.threadName = None  # for another handler it is named already
        return True

    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(name)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(name)
