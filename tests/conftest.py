"""What many tests share: the command line in this process and in another, pictures, video files."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.cli import main
from edge.faces.crop import crop_face, to_gray
from edge.sources.demo import DemoClip

# As `train` sets it: a training in this process is then the same, digit for digit, as one in another.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

PATIENCE_S = 1800  # for a process to end, on however slow a machine
SMALL = (640, 360)  # pixels; the demo's faces are still found, at a quarter of the work
# Where in the demo clip, in seconds, the scenes are.
SCENES = {"one face": 1.0, "coming near": 4.0, "two faces": 6.0, "nobody": 8.5, "dark": 10.0}


# What takes longest, first: else the last worker ends with minutes of it, and the others wait.
FIRST = ("train", "benchmarks", "convert", "docs", "test_packaging.py")


def pytest_collection_modifyitems(items):
    """Begin with the folders and files of `FIRST`, in their order."""
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    here = Path(__file__).parent
    items.sort(key=lambda item: ranks.get(item.path.relative_to(here).parts[0], len(FIRST)))


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit status, standard output, standard error."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings(tmp_path_factory):
    """Keep the display, environment and configuration of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("EDGE_EMO_")]:
            patch.delenv(name)
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            patch.delenv(name, raising=False)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setattr("edge.cli.run.CONFIG_FILES", ())
        yield


@pytest.fixture
def edge_emo(capfd):
    """Run `edge-emo` with these arguments in this process."""

    def run(*arguments):
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in arguments])
        return Ended(ended.value.code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def edge_emo_process():
    """Run `edge-emo` with these arguments in a process of its own; options go to `subprocess.run`."""

    def run(*arguments, **options):
        command = [sys.executable, "-m", "edge", *map(str, arguments)]
        settings = {"capture_output": True, "text": True, "timeout": PATIENCE_S, **options}
        done = subprocess.run(command, check=False, **settings)
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def python_process():
    """Run a piece of Python with these arguments in a process of its own."""

    def run(code, *arguments, **options):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        settings = {"capture_output": True, "text": True, "timeout": PATIENCE_S, **options}
        done = subprocess.run(command, check=False, **settings)
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def no_file_larger_than():
    """Options of a process whose disk is full as soon as one of its files has this many bytes."""
    resource = pytest.importorskip("resource", reason="POSIX limits are needed")
    limit = resource.RLIMIT_FSIZE
    return lambda size: {"preexec_fn": lambda: resource.setrlimit(limit, (size, size))}


@pytest.fixture
def assert_refused():
    """Check that a command ended with status 1 and said why in one line, and nothing else."""

    def check(ended, said):
        assert ended.status == 1, ended
        assert ended.out == ""
        assert ended.err.startswith("edge-emo: error: ")
        assert ended.err.count("\n") == 1, ended.err
        assert ended.err.endswith("\n")
        assert "unexpected" not in ended.err, ended.err
        assert "Traceback" not in ended.err
        assert said in ended.err

    return check


@pytest.fixture(scope="session")
def scene():
    """Return so many successive pictures of a scene of the demo clip, BGR, `SMALL`."""
    clip = DemoClip(SMALL)
    return lambda name, pictures=8: [clip.picture(SCENES[name] + i / 25) for i in range(pictures)]


@pytest.fixture(scope="session")
def write_video():
    """Write pictures as a video file and return its path."""

    def write(path, pictures, codec="mp4v", fps=25.0):
        pictures = list(pictures)
        height, width = pictures[0].shape[:2]
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
        assert writer.isOpened()
        for picture in pictures:
            writer.write(picture)
        writer.release()
        return path

    return write


@pytest.fixture(scope="session")
def read_video():
    """Return all pictures of a video file."""

    def read(path):
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        pictures = []
        while (picture := capture.read()[1]) is not None:
            pictures.append(picture)
        capture.release()
        return pictures

    return read


@pytest.fixture(scope="session")
def short_video(scene, write_video, tmp_path_factory):
    """Eight frames with a face that moves."""
    return write_video(tmp_path_factory.mktemp("video") / "short.mp4", scene("one face"))


@pytest.fixture(scope="session")
def portrait_file(tmp_path_factory):
    """The smiling astronaut as a file."""
    path = tmp_path_factory.mktemp("portrait") / "astronaut.png"
    cv2.imwrite(str(path), portrait("astronaut"))
    return path


@pytest.fixture(scope="session")
def gray_face():
    """The astronaut's face, uint8 `[48, 48]`."""
    return crop_face(to_gray(portrait("astronaut")), FACES["astronaut"], (48, 48))


@pytest.fixture(scope="session")
def shared_video():
    """Return a clip of real people by its name; it lies beside the project, not in it."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "video"

    def find(name):
        path = folder / name
        if not path.is_file():
            pytest.skip(f"the clip {name} is not beside this project in shared/data/video")
        return path

    return find


@pytest.fixture
def pixels():
    """Return a random uint8 picture of this shape."""
    rng = np.random.default_rng(5)
    return lambda *shape: rng.integers(0, 256, shape, np.uint8)
