"""What each viewer gets: always the newest, and the next only when it has taken the last."""

import asyncio
import contextlib
import json
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from ...support.values import Status
from .figures import EVERY_S, Figures
from .newest import ANNOTATED, PLAIN, Moment, Newest
from .timeline import Timeline

SIGN_OF_LIFE_S = 1.0  # so often a viewer hears something, also while no frame comes
GONE_S = 300  # a viewer that takes nothing for so long has gone
BOUNDARY = "edge-emo-frame"


class Viewers:
    """Serves those who watch; each in a task of its own, none holds up another."""

    def __init__(
        self,
        newest: Newest,
        timeline: Timeline,
        figures: Figures,
        state: Callable[[], Status | None],
        hello: dict[str, Any],
        video: bool,
    ) -> None:
        self._newest, self._timeline, self._figures = newest, timeline, figures
        self._state = state
        self._hello = hello
        self._video = video
        self.tasks: set[asyncio.Task[Any]] = set()

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Send moment after moment as a message: length of the JSON, JSON, JPEG.

        The viewer answers each message with one of its own, and then gets the newest.
        """
        answering = web.WebSocketResponse(max_msg_size=1024, compress=False)
        await answering.prepare(request)
        _forget_when_gone(request)
        viewer = _Viewer(self._hello)
        with _Watching(self, pictures=self._video):
            while not answering.closed:
                moment = await self._newest.after(viewer.number, SIGN_OF_LIFE_S)
                jpeg = await self._picture(moment, PLAIN) if moment else None
                head = viewer.head(moment, self._state(), self._timeline, self._figures)
                text = json.dumps(head, separators=(",", ":")).encode()
                moment = None  # a slow viewer must not hold pictures while it takes its own
                try:
                    await answering.send_bytes(struct.pack(">I", len(text)) + text + (jpeg or b""))
                except ConnectionError:
                    break
                if (await answering.receive()).type is not WSMsgType.TEXT:
                    break
        await answering.close()
        return answering

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send annotated pictures as Motion JPEG, until the camera is switched off."""
        if refusal := self.no_picture():
            return refusal
        response = web.StreamResponse()
        response.content_type = "multipart/x-mixed-replace"
        response.headers["Content-Type"] = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        await response.prepare(request)
        _forget_when_gone(request)
        number = 0
        with _Watching(self, pictures=True):
            while not self._is_off() and not _is_closing(request):
                moment = await self._newest.after(number, SIGN_OF_LIFE_S)
                number = moment.number if moment else number
                jpeg = await self._picture(moment, ANNOTATED) if moment else None
                moment = None
                if jpeg:
                    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    await response.write(head.encode() + jpeg + b"\r\n")
                    await _taken(request)
        return response

    async def snapshot(self, request: web.Request) -> web.StreamResponse:
        """Return the next annotated picture."""
        if refusal := self.no_picture():
            return refusal
        end_s = time.monotonic() + 5
        number = self._newest.moment.number
        with _Watching(self, pictures=True):
            while time.monotonic() < end_s and not self._is_off():
                moment = await self._newest.after(number, SIGN_OF_LIFE_S)
                if moment and (jpeg := await self._picture(moment, ANNOTATED)):
                    return web.Response(body=jpeg, content_type="image/jpeg")
                number = moment.number if moment else number
        return self.no_picture() or unavailable("no frame came")

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send records as server-sent events; a slow reader gets fewer, never old ones."""
        response = web.StreamResponse()
        response.headers["Content-Type"] = "text/event-stream; charset=utf-8"
        await response.prepare(request)
        _forget_when_gone(request)
        number, said = 0, None
        with _Watching(self, pictures=False):
            while not _is_closing(request):
                moment = await self._newest.after(number, SIGN_OF_LIFE_S)
                number = moment.number if moment else number
                state = state_json(self._state())
                text = ": alive\n\n"
                if moment and moment.record is not None:
                    text = f"data: {json.dumps(moment.record, separators=(',', ':'))}\n\n"
                elif state != said:
                    said = state
                    text = f"event: status\ndata: {json.dumps(state)}\n\n"
                moment = None
                await response.write(text.encode())
                await _taken(request)
        return response

    def no_picture(self) -> web.Response | None:
        """Return the answer to who asks for a picture while none may be given."""
        if not self._video:
            return web.json_response({"error": "pictures are not shown here"}, status=404)
        return unavailable("the camera is switched off") if self._is_off() else None

    async def _picture(self, moment: Moment, kind: str) -> bytes | None:
        jpeg = await self._newest.jpeg(moment, kind)
        return None if self._is_off() else jpeg

    def _is_off(self) -> bool:
        state = self._state()
        return state is not None and state.state == "off"


class _Viewer:
    """What one viewer of the page has been sent."""

    def __init__(self, hello: dict[str, Any]) -> None:
        self.number = 0
        self._row = 0
        self._hello: dict[str, Any] | None = hello
        self._figures_s = -EVERY_S

    def head(
        self, moment: Moment | None, state: Status | None, timeline: Timeline, figures: Figures
    ) -> dict[str, Any]:
        head: dict[str, Any] = {"state": state_json(state)}
        if self._hello:
            head["hello"], self._hello = self._hello, None
        if moment is not None:
            self.number = moment.number
            head["record"] = moment.record
        rows, self._row = timeline.since(self._row)
        if rows:
            head["rows"] = rows
        if time.monotonic() - self._figures_s >= EVERY_S:
            self._figures_s = time.monotonic()
            head["figures"] = figures.now()
        return head


class _Watching:
    """While it is open, frames are handed out, with their pictures if these are wanted."""

    def __init__(self, viewers: Viewers, pictures: bool) -> None:
        self._viewers, self._pictures = viewers, pictures

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        assert self._task
        self._viewers.tasks.add(self._task)
        self._viewers._newest.wanting += self._pictures

    def __exit__(self, *_: object) -> None:
        assert self._task
        self._viewers.tasks.discard(self._task)
        self._viewers._newest.wanting -= self._pictures


def state_json(status: Status | None) -> dict[str, str]:
    """Return the camera's state for a viewer."""
    if status is None:
        return {"state": "starting", "words": "starting", "since": ""}
    since = status.since.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"state": status.state, "words": str(status), "since": since}


def unavailable(why: str) -> web.Response:
    """Return the answer 503 with a reason."""
    return web.json_response({"error": why}, status=503, headers={"Retry-After": "5"})


def _forget_when_gone(request: web.Request) -> None:
    """Let the system close a connection whose other end has vanished without a word."""
    connection = _connection(request)
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with contextlib.suppress(OSError):  # a socket of the file system has no such option
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_S * 1000)
    if request.transport is not None:
        request.transport.set_write_buffer_limits(high=0)


async def _taken(request: web.Request) -> None:
    """Wait until the other end has taken what was written, so that it never falls behind."""
    connection = _connection(request)
    while connection is not None and not _is_closing(request) and _unsent(connection):
        await asyncio.sleep(0.02)


def _unsent(connection: Any) -> int:
    """Return how many bytes the system still has to deliver; 0 where it does not say."""
    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    return int(struct.unpack("i", answer)[0])


def _connection(request: web.Request) -> Any:
    return None if request.transport is None else request.transport.get_extra_info("socket")


def _is_closing(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
