"""The server behind the page: its thread, its routes, its limits."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from ...support.values import Status
from ..monitoring.health import HealthMonitor
from ..monitoring.metrics import Metrics
from .access import HEADERS, Access, Handler
from .figures import Figures
from .newest import Newest
from .timeline import Timeline
from .viewers import Viewers, state_json, unavailable

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 64
MOST_VIEWERS = 32
SILENT_S = 10.0  # a connection that asks for nothing so long is closed
STATIC = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/timeline.js": ("timeline.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
WATCHING = ("/live", "/stream.mjpg", "/events")  # answers without an end


class Server:
    """Listens from when it is made until `close`, in a thread of its own."""

    def __init__(
        self,
        listening: socket.socket,
        access: Access,
        metrics: Metrics,
        health: HealthMonitor,
        state: Callable[[], Status | None],
        hello: dict[str, Any],
        video: bool,
    ) -> None:
        self._listening = listening
        self._access, self._metrics, self._health = access, metrics, health
        self._state = state
        self.timeline = Timeline()
        self._loop = asyncio.new_event_loop()
        self._encoder = ThreadPoolExecutor(1, "page-encoder")
        self.newest = Newest(self._loop, self._encoder, hello["camera"])
        figures = Figures(metrics)
        self._viewers = Viewers(self.newest, self.timeline, figures, state, hello, video)
        metrics.page = lambda: (len(self._viewers.tasks), self.newest.encoded)
        self._spoke: dict[int, float] = {}
        self._listens = threading.Event()
        # Not the loop's `stop`: while `_listen` still runs that would be lost.
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._thread.start()
        self._listens.wait(10)

    def close(self) -> None:
        """Leave the viewers, and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(
            self._application(), access_log=None, logger=_QUIET, shutdown_timeout=1
        )
        try:
            self._loop.run_until_complete(self._serve(runner))
        except Exception:
            log.exception("page: the server has ended")
        finally:
            self._listens.set()  # nobody waits for what has failed
            self._listening.close()
            self._encoder.shutdown()
            self._loop.close()

    async def _serve(self, runner: web.AppRunner) -> None:
        await self._listen(runner)
        await self._closing.wait()
        await self._end(runner)

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        assert runner.server is not None
        server = self._server = runner.server
        self._listening.setblocking(False)

        arriving = 0  # accepted, and not among the connections yet

        def arrived() -> None:
            nonlocal arriving
            arriving -= 1

        def accept() -> asyncio.Protocol:
            nonlocal arriving
            if len(server.connections) + arriving >= MOST_CONNECTIONS:
                return _Refusing()
            arriving += 1
            self._loop.call_soon(self._loop.call_soon, arrived)  # after it is connected
            return server()

        self._accepting = await self._loop.create_server(accept, sock=self._listening)
        self._sweeping = self._loop.create_task(self._sweep())
        self._listens.set()

    async def _end(self, runner: web.AppRunner) -> None:
        self._accepting.close()
        tasks = [self._sweeping, *self._viewers.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runner.cleanup()
        await self._loop.shutdown_default_executor()

    async def _sweep(self) -> None:
        """Close connections that never ask for anything; the library waits for them without end."""
        seen: dict[RequestHandler, float] = {}
        while True:
            await asyncio.sleep(SILENT_S / 2)
            now_s = time.monotonic()
            seen = {c: seen.get(c, now_s) for c in self._server.connections}
            self._spoke = {k: t for k, t in self._spoke.items() if k in {id(c) for c in seen}}
            for connection, since_s in seen.items():
                if id(connection) not in self._spoke and now_s - since_s >= SILENT_S:
                    connection.force_close()

    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[self._outermost, self._access.middleware], client_max_size=1024
        )
        for path in STATIC:
            application.router.add_get(path, self._static)
        application.router.add_get("/live", self._viewers.socket, allow_head=False)
        application.router.add_get("/stream.mjpg", self._viewers.stream, allow_head=False)
        application.router.add_get("/snapshot.jpg", self._viewers.snapshot)
        application.router.add_get("/events", self._viewers.events, allow_head=False)
        application.router.add_get("/record", self._record)
        application.router.add_get("/health", self._health_report)
        application.router.add_get("/metrics", self._metrics_text)
        application.on_response_prepare.append(_add_headers)
        return application

    @web.middleware
    async def _outermost(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._spoke[id(request.protocol)] = time.monotonic()
        if request.path in WATCHING and len(self._viewers.tasks) >= MOST_VIEWERS:
            return unavailable(f"{MOST_VIEWERS} viewers are there already")
        try:
            return await handler(request)
        except (web.HTTPException, ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:
            log.warning("page: %s failed: %s: %s", request.path, type(error).__name__, error)
            return web.json_response({"error": "this failed; the log says why"}, status=500)

    async def _static(self, request: web.Request) -> web.Response:
        name, kind = STATIC[request.path]
        body = resources.files(__package__).joinpath("static", name).read_bytes()
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def _record(self, request: web.Request) -> web.Response:
        state = state_json(self._state())
        record = self.newest.moment.record
        if record is None or state["state"] == "off":
            return unavailable(state["words"])
        return web.json_response(record)

    async def _health_report(self, request: web.Request) -> web.Response:
        health = self._health.report()
        return web.json_response(health.as_json(), status=200 if health.ok else 503)

    async def _metrics_text(self, request: web.Request) -> web.Response:
        text = await self._loop.run_in_executor(None, self._metrics.text)
        kind = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        return web.Response(body=text, headers=kind)


class _Refusing(asyncio.Protocol):
    """Closes a connection beyond what the server takes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers[name] = value


# What strangers send is their affair: a port scan must not fill the journal.
_QUIET = logging.getLogger(f"{__name__}.http")
_QUIET.propagate = False
_QUIET.addHandler(logging.NullHandler())
