"""The page in a real Chromium: boxes, bars, timeline, a failing camera, accessibility, screenshots.

    npm install --prefix tests/acceptance/page
    python tests/acceptance/page/browser.py [FOLDER-FOR-SCREENSHOTS]

Needs Node.js and Chromium (Debian: apt install nodejs npm chromium).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from running import network_camera, running, until

HERE = Path(__file__).resolve().parent


def node(script: str, *arguments: str) -> int:
    return subprocess.run(
        ["node", str(HERE / script), *arguments], cwd=HERE, check=False
    ).returncode


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="edge-emo-page-")
    with running("--camera", "mock", "--fps", "8") as run:
        statuses = [node("browser.mjs", run.url + "/", folder)]
    with tempfile.TemporaryDirectory() as name:
        mode = Path(name) / "mode"
        with (
            network_camera(mode) as url,
            running("--camera", url, "--camera-timeout", "2", "--label", "door") as run,
        ):
            until(lambda: run.health()["ready"], 30)
            statuses.append(node("gap.mjs", run.url + "/", str(mode), folder))
    print(f"screenshots in {folder}")
    sys.exit(max(statuses))


if __name__ == "__main__":
    main()
