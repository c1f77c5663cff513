"""The output that serves the page."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from ... import __version__
from ...support.errors import ConfigError
from ...support.labels import EMOTIONS, UNSURE
from ...support.values import Observation, Status
from .. import Output, OutputOptions, View
from ..monitoring.health import HealthMonitor
from ..monitoring.metrics import Metrics
from ..monitoring.public import public_reason
from .access import Access
from .address import DEFAULT, bound_address, inherited_socket, listening_socket, parse_address
from .newest import ANNOTATED, PLAIN
from .server import Server
from .timeline import SPAN_S
from .token import read_or_make_token

log = logging.getLogger(__name__)


class Page(Output):
    """Serves the page; costs the analysis next to nothing while nobody watches.

    Attributes:
        address: where it listens.
    """

    color = True
    reports = True
    patient = True  # where faces are blurred no viewer sees one in the moment before it is found

    def __init__(self, options: OutputOptions) -> None:
        """Listen at `options.target`, or at the socket that systemd hands over.

        Raises:
            ConfigError: the address is none, or others can reach it and there is no token.
            OutputError: it is taken.
        """
        wanted = parse_address(options.target or DEFAULT)
        token = read_or_make_token(Path(options.token)) if options.token else None
        inherited = inherited_socket(wanted)
        address = bound_address(inherited) if inherited else wanted
        if not address.is_loopback and token is None:
            raise ConfigError(
                f"page: other machines can reach {address}, so a token is needed: add --page-token "
                "FILE, which is made if it is not there"
            )
        listening = inherited or listening_socket(wanted)
        self._status: Status | None = None
        self._said_s = 0.0
        self._video = options.video
        self._health = HealthMonitor(options.about.camera)
        self._metrics = Metrics(options.about, self._health)
        hello = {
            "camera": options.about.camera,
            "model": options.about.model,
            "model_version": options.about.model_version,
            "version": __version__,
            "emotions": [*EMOTIONS, UNSURE],
            "video": options.video,
            "span_s": SPAN_S,
        }
        self._server = Server(
            listening,
            Access(address, token),
            self._metrics,
            self._health,
            lambda: self._status,
            hello,
            options.video,
        )
        self.address = bound_address(listening)
        way = f"/?token=TOKEN, with the token in {options.token}" if token else "/"
        log.warning("page: http://%s%s", self.address, way)

    def write(self, frame: View, observation: Observation) -> None:
        self._health.write(frame, observation)
        self._metrics.write(frame, observation)
        self._server.timeline.see(observation)
        if self._status is None or self._status.state != "open":
            self._status = Status(observation.source, "open", "", datetime.now(UTC))
        pictures = {}
        if self._video and self._server.newest.wanting:
            picture = frame.color()  # from now on it can be asked for at any time
            pictures = {PLAIN: lambda: picture, ANNOTATED: frame.annotated}
        self._server.newest.put(observation, pictures)

    def status(self, status: Status) -> None:
        self._health.status(status)
        self._metrics.status(status)
        status = Status("", status.state, public_reason(status.reason), status.since)
        if status.state != "open":
            self._server.timeline.miss(str(status))
        now_s = time.monotonic()
        if status != self._status or now_s - self._said_s >= 1:
            self._status, self._said_s = status, now_s
            if status.state != "open":
                self._server.newest.put(None)  # the last picture is not shown on

    def close(self) -> None:
        self._server.close()
