"""Viewers slow and many: nobody falls behind, nothing grows, nothing is left over.

    python tests/acceptance/page/viewers.py [SECONDS]

One viewer of the page takes all it can; beside it three more take 2 kB a second, of the page, the
Motion JPEG stream and the events. Compared with the time before and after, when they are away.
"""

import asyncio
import json
import struct
import sys
import threading
import time
from datetime import UTC, datetime
from statistics import mean

import aiohttp
from running import Run, check, end, running

SLOW = 2048  # bytes a second
FPS = 6  # what a loaded machine of two cores analyses without dropping any


class Fast:
    """A viewer of the page that notes how old each picture is when it comes."""

    def __init__(self, url: str) -> None:
        self.ages: list[float] = []
        self.pictures = 0
        self._url = url
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch()))

    def __enter__(self) -> "Fast":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    async def _watch(self) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self._url}/live") as live,
        ):
            while not self._ended.is_set():
                message = await live.receive_bytes()
                (length,) = struct.unpack(">I", message[:4])
                record = json.loads(message[4 : 4 + length]).get("record")
                if record and len(message) > 4 + length:
                    taken = datetime.fromisoformat(record["time"])
                    self.ages.append((datetime.now(UTC) - taken).total_seconds())
                    self.pictures += 1
                await live.send_str("ack")


class Slow:
    """Viewers behind a line of 2 kB a second."""

    def __init__(self, url: str) -> None:
        self._host, self._port = url.removeprefix("http://").split(":")
        self.taken: dict[str, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))

    def __enter__(self) -> "Slow":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    async def _all(self) -> None:
        await asyncio.gather(*(self._one(p) for p in ("/live", "/stream.mjpg", "/events")))

    async def _one(self, path: str) -> None:
        reading, writing = await asyncio.open_connection(self._host, int(self._port), limit=SLOW)
        head = f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
        if path == "/live":
            head += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            head += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        writing.write(f"{head}\r\n".encode())
        self.taken[path] = 0
        while not self._ended.is_set():
            got = await reading.read(SLOW)
            if not got:
                self.taken[path] = -1  # thrown out
                break
            self.taken[path] += len(got)
            if path == "/live":  # says "taken" to whatever came: a masked text frame "a"
                writing.write(b"\x81\x81\0\0\0\0a")
            await asyncio.sleep(1)
        writing.close()


def measured(run: Run, seconds: float) -> tuple[float, list[float]]:
    """Watch for so long; return frames analysed a second, and the ages of the pictures."""
    with Fast(run.url) as fast:
        time.sleep(2)
        fast.ages.clear()
        before, started = run.metric("edge_emo_frames_total"), time.monotonic()
        time.sleep(seconds)
        rate = (run.metric("edge_emo_frames_total") - before) / (time.monotonic() - started)
        return rate, fast.ages


def summary(ages: list[float]) -> str:
    ages = sorted(ages)
    late = ages[int(0.95 * len(ages))]
    return f"{len(ages)} pictures, median {ages[len(ages) // 2]:.3f}, 95 % {late:.3f}, oldest {ages[-1]:.3f} s"


async def connect_200(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for number in range(200):
            kind = number % 4
            if kind == 0:
                async with session.ws_connect(f"{url}/live") as live:
                    await live.receive_bytes()
            elif kind == 1:
                async with session.get(f"{url}/stream.mjpg") as stream:
                    await stream.content.read(100)
            elif kind == 2:
                async with session.get(f"{url}/record") as answer:
                    await answer.read()
            else:  # leaves without a word
                _, writing = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
                writing.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                await asyncio.sleep(0.05)
                writing.transport.abort()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    small = ["--size", "640x360", "--fps", str(FPS)]
    with running("--camera", "mock", *small) as run:
        time.sleep(15)
        encoded = run.metric("edge_emo_page_pictures_total")
        check("no viewer, no picture encoded", encoded == 0, f"{encoded:.0f} in 15 s")
        measured(run, 10)
        before_mb = run.rss_mb()
        encoded, frames = (run.metric(f"edge_emo_{n}_total") for n in ("page_pictures", "frames"))
        with Slow(run.url) as slow:
            _, ages = measured(run, seconds)
            grown_mb = run.rss_mb() - before_mb
            frames = run.metric("edge_emo_frames_total") - frames
            encoded = run.metric("edge_emo_page_pictures_total") - encoded
        # In turns, so that whatever else the machine does falls upon both.
        alone, beside = [], []
        ages_alone: list[float] = []
        for _ in range(6):
            rate, more = measured(run, seconds / 6)
            alone.append(rate)
            ages_alone += more
            with Slow(run.url):
                beside.append(measured(run, seconds / 6)[0])
        worst = max(ages)
        said = f"{summary(ages)}; without them {summary(ages_alone)}"
        check("beside viewers of 2 kB/s the other's picture is under 0.5 s old", worst < 0.5, said)
        check("... nobody is thrown out", min(slow.taken.values()) > 0, f"bytes taken {slow.taken}")
        check("... memory grows by at most 5 MB", grown_mb <= 5, f"{grown_mb:+.1f} MB")
        ratio = sum(beside) / sum(alone)
        said = (
            f"{mean(beside):.2f} frames/s beside them, {mean(alone):.2f} without, ratio {ratio:.3f}"
        )
        check("... the analysis loses at most 5 %", ratio >= 0.95, said)
        # Plain and annotated, each once for all, whatever the number of viewers.
        said = f"{encoded:.0f} pictures encoded for {frames:.0f} frames, four viewers"
        check("... each frame is encoded at most once a kind", encoded <= 2 * frames, said)
        time.sleep(3)
        before = run.threads(), run.descriptors()
        asyncio.run(connect_200(run.url))
        time.sleep(4)
        after = run.threads(), run.descriptors()
        said = f"(threads, descriptors) {before} before, {after} after"
        check("200 connects and disconnects leave nothing", after == before, said)
        left = run.metric("edge_emo_page_viewers")
        check("... no viewer is counted any more", left == 0, f"{left:.0f}")
    end()


if __name__ == "__main__":
    main()
