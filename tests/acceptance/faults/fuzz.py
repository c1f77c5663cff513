"""Damage models, images, videos, settings, csv rows and option values, and count how edge-emo ends.

    python tests/acceptance/faults/fuzz.py [--each N] [--seconds S] [--seed N] [--limit S]

All inputs are made here from the project's own. Each runs in a process of its own, forked from one that
has imported the program. Nothing may end in a traceback, as "unexpected", by a signal, beyond 1 GB, or
not at all; every such end is listed.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

GIGABYTE_KB = 1_000_000
EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
BAD = ("traceback", "unexpected", "signal", "memory", "hang", "several lines")

Arguments = list[str]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return bytes that were changed, cut, doubled or zeroed somewhere."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        place = rng.randrange(max(1, len(changed)))
        match rng.randrange(6):
            case 0:
                changed[place : place + 1] = bytes([rng.randrange(256)])
            case 1:
                changed[place : place + 4] = rng.choice(
                    (b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x80")
                )
            case 2:
                changed[place:] = b"" if rng.random() < 0.3 else changed[place:]
            case 3:
                changed[place:place] = changed[place : place + rng.randrange(1, 200)]
            case 4:
                length = rng.randrange(1, 400)
                changed[place : place + length] = bytes(length)
            case _:
                del changed[place : place + rng.randrange(1, 50)]
    return bytes(changed)


def models(folder: Path, rng: random.Random) -> Iterator[Arguments]:
    """Yield runs with damaged models; most carry the checksum of what is in them."""
    from edge.inference.model_file import find_model, read_model

    whole = read_model(find_model("edge-xs"))
    packed = find_model("edge-xs").read_bytes()
    path = folder / "model.tflite"
    while True:
        if rng.random() < 0.2:
            path.write_bytes(damaged(packed, rng))
        else:
            body = bytearray(whole.flatbuffer)
            head = rng.random() < 0.7  # tables rather than weights
            end = 24_000 if head else len(body)
            start = len(body) - end if rng.random() < 0.7 else 0
            body[start : start + end] = damaged(bytes(body[start : start + end]), rng)
            path.write_bytes(_signed(bytes(body), dict(whole.about), rng))
        yield ["run", "--model", str(path), "--source", str(folder / "one.png"), "--jsonl", "-"]


def _signed(body: bytes, about: dict, rng: random.Random) -> bytes:
    about["sha256"] = hashlib.sha256(body).hexdigest()
    if rng.random() < 0.15:
        key = rng.choice(list(about))
        about[key] = rng.choice((None, [], {}, "x\x1b[2J", 10**400, -1, [[[]]], {"shape": [1, 9]}))
    section = io.BytesIO()
    section.write(body)
    with zipfile.ZipFile(section, "a") as archive:
        archive.writestr("labels.txt", "\n".join(EMOTIONS) + "\n")
        archive.writestr("model.json", json.dumps(about))
    return section.getvalue()


def images(folder: Path, rng: random.Random) -> Iterator[Arguments]:
    picture = cv2.imread(str(folder / "one.png"))
    kinds = [".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm", ".gif"]
    whole = {}
    for kind in kinds:
        with contextlib.suppress(cv2.error):
            whole[kind] = cv2.imencode(kind, cv2.resize(picture, (160, 160)))[1].tobytes()
    while True:
        kind = rng.choice(list(whole))
        path = folder / f"image{rng.choice((kind, '', '.jpg'))}"
        path.write_bytes(damaged(whole[kind], rng))
        yield ["run", "--source", str(path), "--jsonl", "-"]


def videos(folder: Path, rng: random.Random) -> Iterator[Arguments]:
    whole = {}
    for kind, codec in (("mp4", "mp4v"), ("avi", "MJPG"), ("mkv", "MJPG"), ("ts", "MPG1")):
        path = folder / f"whole.{kind}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25, (160, 120))
        for n in range(12):
            writer.write(np.full((120, 160, 3), 20 * n, np.uint8))
        writer.release()
        whole[kind] = path.read_bytes()
    while True:
        kind = rng.choice(list(whole))
        path = folder / f"film.{kind}"
        path.write_bytes(damaged(whole[kind], rng))
        yield ["run", "--source", str(path), "--jsonl", "-"]


def settings(folder: Path, rng: random.Random) -> Iterator[Arguments]:
    from edge.live.settings import RunConfig

    one = RunConfig(source="demo", duration=0.1, jsonl="-").to_toml().encode()
    several = RunConfig(duration=0.1, jsonl="{camera}.jsonl").to_toml() + (
        '[cameras.a]\nsource = "demo"\nrotate = 90\n[cameras.b]\nsource = "one.png"\nfps = 3\n'
    )
    path = folder / "settings.toml"
    values = (
        b"1e999",
        b"-0",
        b"[[]]",
        b'"\\u0000"',
        b"9" * 5000,
        b"nan",
        b"[" * 3000,
        b"{}",
        b"1979-05-27",
    )
    while True:
        text, where = (
            (one, ["--source", str(folder / "one.png"), "--jsonl", "-"])
            if rng.random() < 0.6
            else (several.encode(), [])
        )
        if rng.random() < 0.5:
            lines = [line for line in text.splitlines() if b"=" in line]
            key = rng.choice(lines).lstrip(b"# ").split(b" =")[0].strip()
            path.write_bytes(text + b"\n" + key + b" = " + rng.choice(values) + b"\n")
        else:
            path.write_bytes(damaged(text, rng))
        yield ["run", "--config", str(path), *where]


def tables(folder: Path, rng: random.Random) -> Iterator[Arguments]:
    pixels = " ".join(str(n % 256) for n in range(48 * 48))
    rows = [f"{n % 7},{pixels},PrivateTest" for n in range(7)]
    faces = ("emotion,pixels,Usage\n" + "\n".join(rows) + "\n").encode()
    names = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    votes = f"Usage,Image name,{names}\n" + "PrivateTest,x,10,0,0,0,0,0,0,0,0,0\n" * 7
    data = folder / "data"
    data.mkdir()
    while True:
        hurt = rng.random() < 0.5
        (data / "fer2013.csv").write_bytes(damaged(faces, rng) if hurt else faces)
        (data / "fer2013new.csv").write_bytes(
            votes.encode() if hurt else damaged(votes.encode(), rng)
        )
        yield ["evaluate", "--data", str(data), "--model", "edge-xs", "--labels", "ferplus"]


def options(folder: Path, rng: random.Random) -> Iterator[Arguments]:
    import click

    from edge.cli.run import command

    values = [
        *(
            "",
            "-1",
            "0",
            "1e999",
            "nan",
            "inf",
            "9" * 50,
            "9" * 5000,
            "\u0661\u0660",
            "a\x1b[2Jb",
            "1_0",
        ),
        *(
            "-",
            "/dev/null",
            "/dev/zero",
            "/",
            ".",
            "x" * 300,
            "x/y/z",
            "file:///",
            "rtsp://a:b@",
            "%s%n",
        ),
        *(
            "\udce4",
            "1x1",
            "0x0",
            "99999x99999",
            "\u202e",
            "true",
            "[]",
            "picamera:9",
            "mock:1",
            "../..",
        ),
    ]
    named = [
        p for p in command.params if isinstance(p, click.Option) and not (p.is_flag or p.count)
    ]
    while True:
        option = rng.choice(named).opts[0]
        value = rng.choice(values)
        if (option, value) == ("--source", "/dev/zero") or option == "--help":
            continue
        rest = ["--duration", "0.2"] if option != "--duration" else []
        where = ["--source", "demo"] if option not in ("--source", "--camera") else []
        out = ["--jsonl", os.devnull] if option != "--jsonl" else []
        yield ["run", *where, *out, *rest, "--no-reconnect", option, value]


KINDS: dict[str, Callable[[Path, random.Random], Iterator[Arguments]]] = {
    "models": models,
    "images": images,
    "videos": videos,
    "settings": settings,
    "csv rows": tables,
    "option values": options,
}


def end_of(arguments: Arguments, folder: Path, limit_s: float) -> tuple[str, str]:
    """Run in a forked process; return how it ended in one word, and what it said."""
    said = folder / "said"
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.chdir(folder)
        for number, target in ((0, os.devnull), (1, os.devnull), (2, str(said))):
            opened = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, number)
        sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        status = 99
        try:
            from edge.cli import main

            main(arguments)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        sys.stderr.flush()
        os._exit(status)
    deadline = time.monotonic() + limit_s
    while True:
        done, code, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.wait4(pid, 0)
            return "hang", ""
        time.sleep(0.01)
    text = said.read_text(encoding="utf-8", errors="replace")
    status = os.waitstatus_to_exitcode(code)
    if status < 0:
        return "signal", f"signal {-status}"
    if "Traceback" in text:
        return "traceback", text
    if "error: unexpected" in text:
        return "unexpected", text
    if usage.ru_maxrss > GIGABYTE_KB:
        return "memory", f"{usage.ru_maxrss / 1e6:.1f} GB"
    if status == 1 and text.count("error: ") != 1:
        return "several lines", text
    return {0: "done", 1: "refused", 2: "wrong usage"}.get(status, f"status {status}"), text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=600, help="inputs of each kind")
    parser.add_argument("--seconds", type=float, default=1e9, help="end each kind after so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=60, help="seconds; then an input hangs")
    parser.add_argument("--only", choices=list(KINDS), action="append")
    parser.add_argument("--keep", type=Path, help="folder for the inputs that end badly")
    given = parser.parse_args()
    bad = 0
    print(
        f"seed {given.seed}\n\n| kind | inputs | "
        + " | ".join(("done", "refused", "wrong usage", *BAD))
        + " |"
    )
    print("|" + "---|" * (5 + len(BAD)))
    for kind in given.only or KINDS:
        counts: Counter[str] = Counter()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            from edge.sources.demo import DemoClip

            cv2.imwrite(str(folder / "one.png"), DemoClip((640, 360)).picture(1.0))
            made = KINDS[kind](folder, random.Random(f"{given.seed} {kind}"))
            until_s = time.monotonic() + given.seconds
            for number in range(given.each):
                if time.monotonic() > until_s:
                    break
                arguments = next(made)
                how, said = end_of(arguments, folder, given.limit)
                counts[how] += 1
                if how in BAD or how.startswith("status"):
                    bad += 1
                    print(
                        f"{kind} {number}: {how}: {arguments!a}: {said[-600:]!a}", file=sys.stderr
                    )
                    if given.keep:
                        _keep(folder, given.keep / f"{kind.replace(' ', '-')}-{number}")
        row = (counts[c] for c in ("done", "refused", "wrong usage", *BAD))
        print(f"| {kind} | {counts.total()} | " + " | ".join(map(str, row)) + " |", flush=True)
    sys.exit(1 if bad else 0)


def _keep(folder: Path, target: Path) -> None:
    import shutil

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)


if __name__ == "__main__":
    main()
