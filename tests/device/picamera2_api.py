#!/usr/bin/env python3
"""Read from the Picamera2 on PyPI what edge-emo calls, and check that its stand-in has the same form.

    python tests/device/picamera2_api.py [VERSION] [--write]

libcamera is not on PyPI, so Picamera2 cannot be imported here: its source is parsed. `--write` renews
tests/edge/sources/picamera2_api.json, which the quick tests use.
"""

import argparse
import ast
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = REPOSITORY / "tests/edge/sources/picamera2_api.json"
USED = {
    "picamera2/picamera2.py": {
        "Picamera2": (
            *("__init__", "global_camera_info", "create_video_configuration", "configure"),
            *("camera_configuration", "start", "capture_request", "wait", "stop", "close"),
        )
    },
    "picamera2/request.py": {
        "MappedArray": ("__init__", "__enter__", "__exit__", "array"),
        "CompletedRequest": ("make_array", "release"),
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("version", nargs="?", help="of Picamera2; the newest without")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    wanted = f"picamera2=={options.version}" if options.version else "picamera2"
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*download, "--only-binary=:all:", "-d", folder, wanted], check=True)
        wheel = next(Path(folder).glob("*.whl"))
        table = {"version": wheel.name.split("-")[1], "signatures": signatures(wheel)}
    missing = [f"{c}.{m}" for per in USED.values() for c, ms in per.items() for m in ms]
    missing = [m for m in missing if m not in table["signatures"]]
    if options.write:
        TABLE.write_text(json.dumps(table, indent=1) + "\n")
    known = json.loads(TABLE.read_text())["signatures"]
    differ = {k: v for k, v in table["signatures"].items() if known.get(k) != v}
    print(f"Picamera2 {table['version']}: {len(table['signatures'])} methods that edge-emo calls")
    print(f"missing: {missing or 'none'}; other than in the table: {differ or 'none'}")
    sys.exit(bool(missing))


def signatures(wheel: Path) -> dict[str, list[str]]:
    """Return the parameters of each method used; those with a default end in '='."""
    found: dict[str, list[str]] = {}
    with zipfile.ZipFile(wheel) as archive:
        for file, classes in USED.items():
            for node in ast.parse(archive.read(file)).body:
                if isinstance(node, ast.ClassDef) and node.name in classes:
                    for method in node.body:
                        if (
                            isinstance(method, ast.FunctionDef)
                            and method.name in classes[node.name]
                        ):
                            # Of overloads the last is the one that is called.
                            found[f"{node.name}.{method.name}"] = _parameters(method)
    return found


def _parameters(method: ast.FunctionDef) -> list[str]:
    names = [a.arg for a in method.args.posonlyargs + method.args.args]
    first_default = len(names) - len(method.args.defaults)
    return [n + "=" if i >= first_default else n for i, n in enumerate(names)]


if __name__ == "__main__":
    main()
