"""Accept the batch on a folder of clips: `python tests/acceptance/batch.py CLIPS WORK [ROUNDS]`.

Makes 60 inputs, five of them bad, and shows: two workers against one in one run, `kill -9` at three
random moments, shards, submitit's local executor, Slurm where there is one, pandas, the report's
picture where Chromium is installed. Prints a line for each; the status is 1 if one fails.
"""

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2

SEED = 18
INPUTS = 60
BAD = ("torn.avi", "empty.mp4", "no video.mp4", "broken.jpg", "notes.txt")
COMMAND = (sys.executable, "-m", "edge", "batch", "in")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
failed: list[str] = []


def show(name: str, good: bool, said: str = "") -> None:
    """Print one result."""
    print(f"{'ok  ' if good else 'FAIL'}  {name}{': ' + said if said else ''}", flush=True)
    if not good:
        failed.append(name)


def make_inputs(clips: Path, folder: Path) -> None:
    """Write 60 inputs, made of cuts of the clips."""
    pictures = [p for clip in sorted(clips.rglob("*.mp4")) for p in read(clip)]
    folder.mkdir(parents=True)
    (folder / "sub" / "folder").mkdir(parents=True)
    draw = random.Random(SEED)
    good = INPUTS - len(BAD)
    for number in range(good):
        place = folder / "sub" / "folder" if number % 7 == 0 else folder
        begin = draw.randrange(len(pictures))
        cut = [pictures[(begin + n) % len(pictures)] for n in range(draw.randrange(20, 60))]
        if number % 6 == 5:
            cv2.imwrite(str(place / f"still {number}.jpg"), cut[0])
        else:
            name = "Zoë & Grüße 中文 1.mp4" if number == 3 else f"cut{number:02}.mp4"
            write(place / name, cut)
    write(folder / "whole.avi", pictures[:60])
    whole = (folder / "whole.avi").read_bytes()
    (folder / "whole.avi").unlink()
    (folder / "torn.avi").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mp4").touch()
    (folder / "no video.mp4").write_text("this is text\n")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 broken")
    (folder / "notes.txt").write_text("neither\n")


def read(clip: Path) -> list:
    """Return the pictures of a clip, 640 pixels wide."""
    capture, found = cv2.VideoCapture(str(clip)), []
    while len(found) < 120:
        ok, picture = capture.read()
        if not ok:
            break
        found.append(cv2.resize(picture, (640, 360)))
    return found


def write(path: Path, pictures: list) -> None:
    """Write pictures as a video."""
    codec = "MJPG" if path.suffix == ".avi" else "mp4v"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 12.5, (640, 360))
    for picture in pictures:
        writer.write(picture)
    writer.release()


def batch(out: str, *options: str) -> tuple[float, str]:
    """Run the batch; return its seconds, and what it said."""
    started = time.perf_counter()
    command = [*COMMAND, "-o", out, *options]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if done.returncode:
        show(f"batch {' '.join(options)}", False, done.stderr[-500:])
    return time.perf_counter() - started, done.stderr


def tree(folder: str) -> dict[str, bytes]:
    """Return name -> content of the results; the shards and logs of an executor are not results."""
    base = Path(folder)
    kept = (p for p in base.rglob("*") if p.is_file())
    names = {p.relative_to(base): p for p in kept if p.suffix != ".html"}
    return {
        str(n): p.read_bytes() for n, p in names.items() if n.parts[0] not in ("jobs", "shards")
    }


def kill_and_go_on(whole: dict[str, bytes], seconds: float) -> None:
    """Kill a run and all its workers three times at random moments, then let it end."""
    draw = random.Random(SEED)
    for number in range(3):
        after = draw.uniform(0.15, 0.6) * seconds
        process = subprocess.Popen(
            [*COMMAND, "-o", "killed", "--jobs", "2"],
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            start_new_session=True,
        )
        time.sleep(after)
        if number == 1:  # only the process that leads; its workers must end by themselves
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        journal = Path("killed/journal.jsonl")
        lines = journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0
        print(f"      killed after {after:.1f} s with {lines} of {INPUTS} inputs finished")
        time.sleep(1)
    _, said = batch("killed", "--jobs", "2")
    show(
        "kill -9 three times, then to the end: identical bytes", tree("killed") == whole, said[-90:]
    )


def check_tables(out: str) -> None:
    """Look at the tables as their readers do."""
    import pandas as pd

    with open(f"{out}/files.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    errors = {Path(row["file"]).name: row["error"] for row in rows if row["error"]}
    show(
        f"{INPUTS} rows, {len(BAD)} with a reason", len(rows) == INPUTS and set(errors) == set(BAD)
    )
    for name, error in errors.items():
        print(f"      {name}: {error}")
    torn = next(row for row in rows if row["file"] == "in/torn.avi")
    show(
        "what was read of the torn one is kept", int(torn["frames"]) > 0, f"{torn['frames']} frames"
    )
    faces = pd.read_csv(f"{out}/faces.csv")
    kinds = {name: faces[name].dtype.kind for name in ("frame", "track", "x", "time_s", "happy")}
    wanted = {"frame": "i", "track": "i", "x": "i", "time_s": "f", "happy": "f"}
    show("pandas reads faces.csv with the right types", kinds == wanted, str(kinds))
    total = sum(int(row["faces"]) for row in rows)
    show("as many rows as faces in the records", len(faces) == total > 0, f"{total} faces")


def picture_of_report(out: str) -> None:
    """Make the report and its picture."""
    command = [sys.executable, "-m", "edge", "report", out]
    subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True)
    browser = shutil.which("chromium")
    if not browser:
        print("--    no chromium here: no picture of the report")
        return
    page, picture = Path(out, "report.html").absolute(), Path("report.png").absolute()
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", f"--user-data-dir={Path('profile').absolute()}"),
            *("--window-size=1200,3000", f"--screenshot={picture}", page.as_uri()),
        ],
        capture_output=True,
        timeout=180,
        check=False,
    )
    show("a picture of the report", picture.exists(), f"look at {picture}")


def main(clips: Path, work: Path, rounds: int = 3) -> None:
    """Run everything; the times of one and two workers are compared in so many rounds."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    os.chdir(work)
    make_inputs(clips, Path("in"))
    one_s, two_s = [], []
    for number in range(rounds):
        shutil.rmtree("one", ignore_errors=True)
        shutil.rmtree("two", ignore_errors=True)
        one_s.append(batch("one", "--jobs", "1")[0])
        two_s.append(batch("two", "--jobs", "2")[0])
        print(f"      round {number + 1}: one worker {one_s[-1]:.1f} s, two {two_s[-1]:.1f} s")
    whole = tree("one")
    show("two workers give the bytes of one", tree("two") == whole)
    ratio = sorted(b / a for a, b in zip(one_s, two_s, strict=True))[rounds // 2]
    show("two workers take at most 0.6 of the time", ratio <= 0.6, f"median ratio {ratio:.2f}")
    check_tables("one")
    kill_and_go_on(whole, two_s[-1])
    for part in ("1", "2", "3"):
        batch(f"part{part}", "--shard", f"{part}/3", "--jobs", "2")
    merged = [sys.executable, "-m", "edge", "batch", "--merge", "part1", "part2", "part3"]
    subprocess.run([*merged, "-o", "merged"], env=ENVIRONMENT, check=True, capture_output=True)
    show("three shards merged are the whole", tree("merged") == whole)
    batch("local", "--executor", "local", "--shards", "3")
    show("submitit's local executor gives the same", tree("local") == whole)
    if shutil.which("sbatch"):
        batch("slurm", "--executor", "slurm", "--shards", "2", "--submit", "timeout_min=30")
        show("Slurm gives the same", tree("slurm") == whole)
    else:
        print("--    no sbatch here: Slurm was not tried")
    picture_of_report("one")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
