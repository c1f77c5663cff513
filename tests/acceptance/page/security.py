"""What the page refuses, and what it never says.

python tests/acceptance/page/security.py
"""

import asyncio
import base64
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import aiohttp
import cv2
import numpy as np
from running import REPOSITORY, Run, check, end, free_port, network_camera, running, until

from edge.faces import make_detector

PATHS = (
    *("/", "/page.js", "/page.css", "/timeline.js", "/icon.svg", "/record", "/health", "/metrics"),
    *("/snapshot.jpg", "/nothing", "/../../etc/passwd", "/static/index.html"),
)
ENDLESS = ("/live", "/stream.mjpg", "/events")


def foreign_pages(run: Run) -> None:
    host = run.url.removeprefix("http://")
    port = host.rpartition(":")[2]
    wrong = {
        "Host of another name (DNS rebinding)": {"Host": f"evil.example:{port}"},
        "Host of another address": {"Host": f"192.168.1.5:{port}"},
        "Host that is none": {"Host": "a b"},
        "Origin of another site": {"Origin": "http://evil.example"},
        "Origin of another port": {"Origin": "http://127.0.0.1:1"},
        "Origin null": {"Origin": "null"},
        "a picture in another site's page": {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "no-cors",
        },
    }
    for what, headers in wrong.items():
        statuses = {run.get(path, headers)[0] for path in (*PATHS[:9], *ENDLESS)}
        check(f"{what} is refused everywhere", statuses == {403}, f"status {statuses}")
    for name in (host, f"localhost:{port}", f"[::1]:{port}"):
        status = run.get("/record", {"Host": name})[0]
        check(f"Host {name} is let in", status == 200, f"status {status}")
    status = run.get("/record", {"Origin": f"http://{host}"})[0]
    check("its own Origin is let in", status == 200, f"status {status}")
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    check("a link from elsewhere opens the page", run.get("/", link)[0] == 200, "status 200")


def limits(run: Run) -> None:
    where = ("127.0.0.1", int(run.url.rpartition(":")[2]))
    status = raw(where, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20000 + b"\r\n\r\n")
    check("a header of 20 kB is refused", status == 400, f"status {status}")
    body = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
    status = raw(where, body)
    check("POST is refused", status == 405, f"status {status}")
    silent = [socket.create_connection(where) for _ in range(100)]
    time.sleep(1)
    closed = sum(is_closed(connection) for connection in silent)
    check(
        "of 100 silent connections those beyond 64 are closed at once", 36 <= closed <= 40, closed
    )
    started = time.monotonic()
    until(lambda: not refused(run), 30)
    took = time.monotonic() - started
    check("... and the others make room within 20 s", took < 20, f"after {took:.0f} s")
    for connection in silent:
        connection.close()
    took, statuses = asyncio.run(at_once(run.url, 1000))
    many, allowed = statuses.count(429), 400 + 50 * took
    said = f"{many} in {took:.1f} s"
    check("of 1000 requests at once some are refused with 429", many >= 1000 - allowed - 20, said)
    check("... if they came faster than is allowed", many > 0 or took > 12, said)
    time.sleep(3)
    check("... and a moment later none", run.get("/health")[0] == 200, "status 200")


async def at_once(url: str, number: int) -> tuple[float, list[int]]:
    """Ask so often, on 20 connections; return how long it took, and the statuses."""
    connector = aiohttp.TCPConnector(limit=20)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask() -> int:
            async with session.get(f"{url}/health") as answer:
                return answer.status

        started = time.monotonic()
        statuses = await asyncio.gather(*(ask() for _ in range(number)))
        return time.monotonic() - started, list(statuses)


def raw(where: tuple[str, int], asked: bytes) -> int:
    with socket.create_connection(where, timeout=5) as connection:
        connection.sendall(asked)
        return int(connection.recv(200).split()[1])


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def refused(run: Run) -> bool:
    try:
        return run.get("/health", timeout=2)[0] != 200
    except OSError:
        return True


def public_address(folder: Path) -> None:
    command = [sys.executable, "-m", "edge", "run", "--camera", "mock"]
    asked = [*command, "--page", f"0.0.0.0:{free_port()}"]
    done = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    lines = done.stderr.strip().splitlines()
    good = done.returncode == 1 and len(lines) == 1 and "token" in lines[0]
    check("a public address without token is refused at start", good, lines)
    token_file = folder / "page-token"
    with running("--camera", "mock", "--page-token", str(token_file), ready=False) as run:
        token = token_file.read_text().strip()
        bearer = {"Authorization": f"Bearer {token}"}
        until(lambda: run.get("/health", bearer)[0] == 200, 60)
        mode = oct(token_file.stat().st_mode & 0o777)
        check("the token is made, mode 0640", mode == "0o640" and len(token) > 40, mode)
        statuses = {run.get(p)[0] for p in (*PATHS, *ENDLESS)}
        check("without token all is refused", statuses == {401}, f"status {statuses}")
        basic = base64.b64encode(f"any:{token}".encode()).decode()
        ways = {
            "Bearer": bearer,
            "Basic": {"Authorization": f"Basic {basic}"},
        }
        for name, headers in ways.items():
            status = run.get("/record", headers)[0]
            check(f"{name} with the token is let in", status == 200, f"status {status}")
        for wrong in ("", token[:-1], token + "x", "é"):
            coded = base64.b64encode(f"any:{wrong}".encode()).decode()
            status = run.get("/record", {"Authorization": f"Basic {coded}"})[0]
            check(
                f"a wrong token ({len(wrong)} characters) is not", status == 401, f"status {status}"
            )
        asyncio.run(cookie(run.url, token))
    token_file.chmod(0o644)
    asked = [*command, "--page", f"127.0.0.1:{free_port()}", "--page-token", str(token_file)]
    done = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    check("a token that all can read is refused", done.returncode == 1, done.stderr.strip())


async def cookie(url: str, token: str) -> None:
    jar = aiohttp.CookieJar(unsafe=True)  # of an address, not a name
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        async with session.get(f"{url}/?token={token}", allow_redirects=False) as answer:
            kept = answer.headers.get("Set-Cookie", "")
            good = answer.status == 303 and answer.headers["Location"] == "/" and token not in kept
            good &= "HttpOnly" in kept and "SameSite=Strict" in kept
            check(
                "?token= gives a cookie, without the token in it",
                good,
                re.sub("=.{64}", "=...", kept),
            )
        async with session.get(f"{url}/record") as answer:
            check("... which opens the rest", answer.status == 200, f"status {answer.status}")
        async with session.ws_connect(f"{url}/live") as live:
            check("... and the live view", len(await live.receive_bytes()) > 100, "pictures come")


def crawl(folder: Path) -> None:
    mode = folder / "camera-mode"
    with network_camera(mode) as url:
        address = url.partition("@")[2].rstrip("/")
        records, off = folder / "records" / "faces.jsonl", folder / "off"
        records.parent.mkdir()
        care = ["--camera-timeout", "2", "--off-file", str(off), "--jsonl", str(records)]
        with running("--camera", url, *care) as run:
            said = {"while frames flow": asyncio.run(everything(run))}
            mode.write_text("silent")
            until(lambda: run.health()["state"] == "failed", 30)
            said["while the camera fails"] = asyncio.run(everything(run))
            status = run.get("/health")[0]
            check("a failed camera makes /health 503", status == 503, run.health()["reason"])
            mode.write_text("good")
            until(lambda: run.health()["ready"], 60)
            off.touch()
            until(lambda: run.health()["state"] == "off", 30)
            said["while it is switched off"] = asyncio.run(everything(run))
            switched_off(run)
            off.unlink()
            until(lambda: run.health()["ready"], 60)
            check("switched on, pictures come again", run.get("/snapshot.jpg")[0] == 200, "200")
        secrets = ("opensesame", "petra", address, str(folder), "camera-mode", str(REPOSITORY))
        for when, text in said.items():
            found = [word for word in secrets if word.encode() in text]
            check(f"nothing secret in any answer {when}", not found, found or f"{len(text)} bytes")


def switched_off(run: Run) -> None:
    status, _, body = run.get("/snapshot.jpg")
    check("switched off, there is no snapshot", status == 503, body.decode())
    status, _, body = run.get("/stream.mjpg")
    check("... and no stream", status == 503, body.decode())
    jpegs = asyncio.run(everything(run)).count(b"\xff\xd8\xff")
    check("... and no picture in the live view", jpegs == 0, f"{jpegs} pictures")
    check(
        "... and health is good: somebody meant it",
        run.get("/health")[0] == 200,
        run.health()["reason"],
    )


async def everything(run: Run) -> bytes:
    """Return all that the page says to whoever asks: heads and bodies of all answers."""
    said = []
    for path in PATHS:
        status, headers, body = run.get(path)
        said += [f"{status} {headers}".encode(), body]
    async with aiohttp.ClientSession() as session:
        for path in ENDLESS[1:]:
            async with session.get(run.url + path) as answer:
                said.append(str(answer.headers).encode())
                try:
                    async with asyncio.timeout(4):
                        while chunk := await answer.content.read(65536):
                            said.append(chunk)
                except TimeoutError:
                    pass
        async with session.ws_connect(run.url + "/live") as live:
            end_s = time.monotonic() + 4
            while time.monotonic() < end_s:
                said.append(await live.receive_bytes())
                await live.send_str("ack")
    return b"".join(said)


def privacy() -> None:
    with running("--camera", "mock") as run:
        _, _, found = asyncio.run(faces_in_pictures(run.url))
        check(
            "without --blur the recorded faces are to be seen",
            found > 20,
            f"{found} in 40 pictures",
        )
    with running("--camera", "mock", "--blur") as run:
        recorded, found, leaked = asyncio.run(faces_in_pictures(run.url))
        said = f"{recorded} recorded, {leaked} of them to be seen within 0.6 s; {found} found elsewhere"
        check("with --blur no face that was recorded is to be seen", leaked == 0 < recorded, said)
    with running("--camera", "mock", "--no-box") as run:
        records = [run.get("/record")[2] for _ in range(20)]
        good = any(b'"track"' in r for r in records) and not any(b'"box": [' in r for r in records)
        check("with --no-box no record has a box", good, "all null")
    with running("--camera", "mock", "--no-page-video") as run:
        statuses = [run.get(p)[0] for p in ("/snapshot.jpg", "/stream.mjpg")]
        jpegs = asyncio.run(everything(run)).count(b"\xff\xd8\xff")
        good = statuses == [404, 404] and not jpegs
        check("with page_video = false there is no picture", good, statuses)


async def faces_in_pictures(url: str) -> tuple[int, int, int]:
    """Look for faces in 40 pictures of the live view.

    Returns:
        faces recorded; faces found at other places; faces found where one was recorded within 0.6 s.
    """
    detector = make_detector("haar")
    seen: list[tuple[float, float, list, np.ndarray]] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/live") as live:
        while len(seen) < 40:
            message = await live.receive_bytes()
            (length,) = struct.unpack(">I", message[:4])
            record = json.loads(message[4 : 4 + length]).get("record")
            if record and len(message) > 4 + length:
                jpeg = np.frombuffer(message, np.uint8, offset=4 + length)
                gray = cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)
                at_s = datetime.fromisoformat(record["time"]).timestamp()
                boxes = [face["box"] for face in record["faces"]]
                seen.append((at_s, gray.shape[1] / record["size"][0], boxes, gray))
            await live.send_str("ack")
    elsewhere = leaked = 0
    for at_s, scale, _, gray in seen:
        near = [box for t, _, boxes, _ in seen if abs(t - at_s) <= 0.6 for box in boxes]
        for face in detector.detect(gray):
            middle = (
                (face.box[0] + face.box[2] / 2) / scale,
                (face.box[1] + face.box[3] / 2) / scale,
            )
            if any(x <= middle[0] <= x + w and y <= middle[1] <= y + h for x, y, w, h in near):
                leaked += 1
            else:
                elsewhere += 1
    return sum(len(boxes) for _, _, boxes, _ in seen), elsewhere, leaked


def main() -> None:
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as name:
        with running("--camera", "mock") as run:
            foreign_pages(run)
            limits(run)
        public_address(Path(name))
        crawl(Path(name))
    privacy()
    end()


if __name__ == "__main__":
    main()
