"""One run from its settings to its summary; its settings may be read again while it goes on."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from ..outputs.systemd import Notifier
from ..support.errors import EdgeEmoError, SourceError
from .loop import Summary
from .opened import FIRST_S, Opened
from .settings import RunConfig

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        dropped: frames that outputs left out.
        hung: a call into the camera's driver, or the reading of an image, has not returned; nothing
            may wait for it.
    """

    summary: Summary
    dropped: int
    hung: bool


def hold_session(
    config: RunConfig,
    stop: threading.Event,
    notifier: Notifier,
    again: threading.Event | None = None,
    reread: Callable[[], RunConfig] | None = None,
) -> Outcome:
    """Run as `config` says until the source ends or `stop` is set.

    Whenever `again` is set the settings are read again. What they name is opened beside what is
    open, and only then takes over. What is the same stays open, so that a camera misses no frame.
    Where something cannot be opened the old settings stay.

    Args:
        notifier: the service manager, which learns what the run does.
        reread: returns the settings as they are now. Raises: EdgeEmoError if they do not fit.

    Raises:
        EdgeEmoError: whatever cannot be opened, read or written.
    """
    session = Session(config, stop, notifier)
    return session.hold(again or threading.Event(), reread or (lambda: config))


class Session:
    """What is open now, and what to go back to."""

    def __init__(
        self, config: RunConfig, stop: threading.Event, notifier: Notifier, name: str = ""
    ) -> None:
        """Open what the settings name.

        Args:
            name: of the camera, where the process runs several.

        Raises:
            EdgeEmoError: what cannot be opened.
        """
        self.total = Summary(0, 0, 0.0, 0)
        self.opened = Opened(config, stop, notifier, name=name)
        self._stop, self._notifier, self._name = stop, notifier, name
        self._former: RunConfig | None = None  # while a new camera has given no frame

    def hold(self, again: threading.Event, reread: Callable[[], RunConfig]) -> Outcome:
        """Run to the end, as `hold_session` describes it, and close all."""
        try:
            while self.run(again) and not self._stop.is_set():
                again.clear()  # first: a signal that comes from now on asks for another reading
                self.reload(reread)
            self._notifier.stopping()
        except BaseException:
            self.close_quietly()
            raise
        self.opened.close()
        return Outcome(self.total, self.opened.outputs.dropped, self.opened.hung)

    def run(self, again: threading.Event) -> bool:
        """Run with what is open; return whether to read the settings again."""
        late = self.opened.source.dropped
        try:
            summary = self.opened.run(again, self.total.seconds)
        except SourceError as error:
            if self._former is None or self.opened.frames:
                raise
            refuse(error)
            self._switch(self._former, FIRST_S)
            self._former = None
            return self.run(again)
        self.total += replace(summary, late=self.opened.source.dropped - late)
        return again.is_set()

    def reload(self, reread: Callable[[], RunConfig]) -> None:
        """Take on the settings as they are now; where they cannot be, keep those in force."""
        old = self.opened
        was_ready = old.systemd.was_ready
        if was_ready:
            self._notifier.reloading()
        try:
            self._switch(reread())
        except EdgeEmoError as error:
            if was_ready:
                old.systemd.reloaded()
            refuse(error)
            return
        new_camera = self.opened.config.what != old.config.what
        self._former = old.config if new_camera else None
        log.warning("settings read again%s", _changes(old.config, self.opened.config))

    def close_quietly(self) -> None:
        """Close what is open while an error is on its way."""
        try:
            self.opened.close()
        except EdgeEmoError as error:
            log.warning("%s", error)

    def _switch(self, config: RunConfig, first_s: float | None = None) -> None:
        following = Opened(config, self._stop, self._notifier, self.opened, first_s, self._name)
        following.take_over(self.opened)
        self.opened = following


def refuse(error: Exception) -> None:
    """Report why settings that were read again are not taken."""
    log.warning("the settings are not taken, the old ones stay: %s", error)


def _changes(old: RunConfig, new: RunConfig) -> str:
    """Name the settings that differ; their values may be secret."""
    names = [f.name for f in fields(old) if getattr(old, f.name) != getattr(new, f.name)]
    return f"; changed: {', '.join(names)}" if names else "; none has changed"
