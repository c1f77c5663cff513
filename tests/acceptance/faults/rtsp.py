"""How soon an RTSP camera that was away is read again: `python tests/acceptance/faults/rtsp.py [--times N]`.

The camera is GStreamer's RTSP server, in the system's Python (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi,
gstreamer1.0-plugins-base, -good, -bad, -ugly). It is killed, or stopped as a camera that hangs, and comes
back after a while; counted is the time from its first answer to the first new record.
"""

import argparse
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PIPELINE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96 )"
)
SERVER = f"""
import sys, gi
gi.require_version("Gst", "1.0"), gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1"), server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("{PIPELINE}"), factory.set_shared(True)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
GLib.MainLoop().run()
"""
PATIENCE_S = 300


def wait_until(true, what: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > until_s:
            sys.exit(f"not within {PATIENCE_S} s: {what}")
        time.sleep(0.02)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="of each kind")
    parser.add_argument("--away", type=float, default=20, help="seconds")
    parser.add_argument("--system-python", default="/usr/bin/python3")
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def serve() -> subprocess.Popen:
        server = subprocess.Popen([given.system_python, "-c", SERVER, str(port)])
        wait_until(lambda: answers(port), "the server answers")
        return server

    with tempfile.TemporaryDirectory() as name:
        records = Path(name, "faces.jsonl")
        server = serve()
        url = f"rtsp://127.0.0.1:{port}/live"
        command = [sys.executable, "-m", "edge", "run", "--camera", url, "--jsonl", str(records)]
        run = subprocess.Popen(command)
        try:
            wait_until(lambda: records.exists() and records.stat().st_size > 0, "a first record")
            for kind in ("killed", "stopped"):
                took = []
                for _ in range(given.times):
                    if kind == "killed":
                        server.kill()
                        server.wait()
                    else:
                        server.send_signal(signal.SIGSTOP)
                    time.sleep(given.away)
                    if kind == "killed":
                        server = serve()
                    else:
                        server.send_signal(signal.SIGCONT)
                    size, back_s = records.stat().st_size, time.monotonic()
                    wait_until(lambda size=size: records.stat().st_size > size, "a new record")
                    took.append(time.monotonic() - back_s)
                    time.sleep(12)  # it is a sound camera again
                print(
                    f"{kind} for {given.away:g} s, {given.times} times: median "
                    f"{statistics.median(took):.1f} s, most {max(took):.1f} s",
                    flush=True,
                )
        finally:
            run.terminate()
            run.wait()
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
