"""A network camera (Motion JPEG over HTTP) that shows the demo clip and fails on command.

The word in the file MODE says how it is: `good`, `frozen`, `black`, `silent` (the connection stays
open and gives nothing), `refuses` (status 503). Ending this program is the camera unplugged.

    python tests/device/camera.py PORT MODE
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np

from edge.sources.demo import DemoClip

FPS = 15
SIZE = (640, 360)


class Camera(BaseHTTPRequestHandler):
    """Gives the pictures of one connection."""

    mode: Path
    clip = DemoClip(SIZE)
    noise = np.random.default_rng(1)

    def do_GET(self) -> None:
        if self._mode() == "refuses":
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        picture = self._picture()
        while True:
            mode = self._mode()
            if mode != "frozen":
                picture = np.zeros_like(picture) if mode == "black" else self._picture()
            if mode != "silent":
                self._send(cv2.imencode(".jpg", picture)[1].tobytes())
            time.sleep(1 / FPS)

    def _picture(self) -> np.ndarray:
        """Return the clip's picture of now, with a sensor's noise."""
        picture = self.clip.picture(time.time())
        picture[:8] = self.noise.integers(0, 255, picture[:8].shape, np.uint8)
        return picture

    def _send(self, jpeg: bytes) -> None:
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        self.wfile.write(head.encode() + jpeg + b"\r\n")

    def _mode(self) -> str:
        return self.mode.read_text().strip() if self.mode.exists() else "good"

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    port, mode = sys.argv[1:]
    Camera.mode = Path(mode)
    with ThreadingHTTPServer(("127.0.0.1", int(port)), Camera) as server:
        server.daemon_threads = True
        server.serve_forever()


if __name__ == "__main__":
    main()
