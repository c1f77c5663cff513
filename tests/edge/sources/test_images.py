"""Still images: one, or a folder of them, each looked at by itself."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
from faces import portrait

from edge.sources import SourceOptions, images, open_source
from edge.support.errors import SourceError


@pytest.fixture
def album(tmp_path):
    """A folder of images of several kinds and sizes; their names tell what is in them."""
    folder = tmp_path / "album"
    folder.mkdir()
    color = portrait("astronaut")
    small = cv2.resize(color, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "1-color.png"), color)
    cv2.imwrite(str(folder / "2-gray.jpg"), cv2.cvtColor(color, cv2.COLOR_BGR2GRAY))
    cv2.imwrite(str(folder / "3-small.bmp"), small)
    cv2.imwrite(str(folder / "4-wall.webp"), np.full((300, 200, 3), 128, np.uint8))
    cv2.imwrite(str(folder / "5-alpha.PNG"), cv2.cvtColor(color, cv2.COLOR_BGR2BGRA))
    cv2.imwrite(str(folder / "6-other.tif"), portrait("grace_hopper"))
    (folder / "notes.txt").write_text("no image")
    return folder


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_image_has_a_record_under_its_own_path_in_the_order_of_names(
    edge_emo, album, tmp_path
):
    ended = edge_emo("run", "--source", album, "--jsonl", tmp_path / "seen.jsonl")
    assert (ended.status, ended.out) == (0, "")
    seen = records(tmp_path / "seen.jsonl")
    images = sorted(p for p in album.iterdir() if p.suffix != ".txt")
    assert [r["source"] for r in seen] == [str(path) for path in images]
    assert [r["frame"] for r in seen] == list(range(6))
    assert [r["position_s"] for r in seen] == [None] * 6
    assert [r["size"] for r in seen] == [
        *([512, 512], [512, 512], [256, 256], [200, 300], [512, 512]),
        list(portrait("grace_hopper").shape[1::-1]),
    ]
    assert [len(r["faces"]) for r in seen] == [1, 1, 1, 0, 1, 1]


def test_every_image_is_analysed_by_itself(edge_emo, album, tmp_path):
    edge_emo("run", "--source", album, "--jsonl", tmp_path / "folder.jsonl")
    for record in records(tmp_path / "folder.jsonl"):
        alone = tmp_path / "alone.jsonl"
        alone.unlink(missing_ok=True)
        assert edge_emo("run", "--source", record["source"], "--jsonl", alone).status == 0
        (expected,) = records(alone)
        assert record["faces"] == expected["faces"]
        assert [face["track"] for face in record["faces"]] == [1] * len(record["faces"])


def test_the_same_picture_in_gray_is_seen_alike(edge_emo, album, tmp_path):
    edge_emo("run", "--source", album, "--jsonl", tmp_path / "seen.jsonl")
    color, _, _, _, alpha, _ = records(tmp_path / "seen.jsonl")
    assert color["faces"] == alpha["faces"]
    assert color["faces"][0]["emotion"] == "happy"


def test_a_corrupt_image_is_skipped_with_a_warning_that_names_it(album, caplog):
    (album / "2-gray.jpg").write_bytes(b"no image")
    with open_source(str(album)) as source:
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(5))
    assert str(album / "2-gray.jpg") not in {frame.source for frame in frames}
    assert caplog.messages == [
        f"{album / '2-gray.jpg'}: is not an image of a known kind; skipped",
        f"{album / 'notes.txt'}: is not an image of a known kind; skipped",
        f"{album}: 2 of 7 files are skipped",
    ]


def test_read_ahead_or_not_a_folder_gives_the_same_frames_and_warnings(album, caplog):
    (album / "2-gray.jpg").write_bytes(b"no image")
    given, said = [], []
    for ahead in (False, True):
        caplog.clear()
        with open_source(str(album), SourceOptions(ahead=ahead)) as source:
            given.append([(f.index, f.source, f.gray.tobytes()) for f in source])
        said.append(caplog.messages)
    assert len(given[0]) == 5
    assert given[0] == given[1]
    assert said[0] == said[1]


def test_no_more_than_the_next_image_is_read_ahead(album):
    with open_source(str(album), SourceOptions(ahead=True)) as source:
        frames = iter(source)
        next(frames)
        for path in sorted(album.iterdir())[2:]:
            path.write_bytes(b"no image")
        assert len(list(frames)) == 1


@pytest.mark.slow
def test_each_corrupt_image_is_said_once_by_its_name_and_nothing_else(
    edge_emo_process, album, tmp_path
):
    # OpenCV and the libraries in it have much to say on each of these.
    corrupt = []
    for path in sorted(album.iterdir()):
        whole = path.read_bytes()
        if path.suffix.lower() in (".png", ".jpg", ".bmp", ".tif", ".webp"):
            corrupt.append(path.with_name(f"cut-{path.name}"))
            corrupt[-1].write_bytes(whole[: len(whole) // 3])
    corrupt.append(album / "empty.png")
    corrupt[-1].touch()
    corrupt.append(album / "notes.txt")
    ended = edge_emo_process("run", "--source", album, "--jsonl", tmp_path / "seen.jsonl")
    assert ended.status == 0
    seen = {record["source"] for record in records(tmp_path / "seen.jsonl")}
    unread = [path for path in sorted(corrupt) if str(path) not in seen]
    assert len(unread) > 4
    *warnings, count, summary = ended.err.splitlines()
    assert [line.split(": ")[1] for line in warnings] == [str(path) for path in unread]
    assert all(line.endswith("; skipped") for line in warnings)
    assert count.startswith(f"edge-emo: {album}: {len(unread)} of ")
    assert summary.startswith("edge-emo: ")


def test_one_image_that_is_unreadable_is_an_error_without_a_warning(caplog, tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    with pytest.raises(SourceError, match=r"empty\.png: "):
        list(open_source(str(path)))
    assert caplog.messages == []


def test_a_folder_of_nothing_but_corrupt_images_is_an_error(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with (
        pytest.raises(SourceError, match="holds no readable image"),
        open_source(str(tmp_path)) as source,
    ):
        list(source)


def test_a_folder_without_images_is_refused_with_the_kinds_that_are_read(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SourceError, match=r"holds no image \(.*\.jpg.*\.png"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("shape", [(1, 1), (2, 2000), (2000, 2), (1, 1, 3), (30, 4000)])
def test_an_image_too_small_or_thin_for_a_face_has_none(edge_emo, tmp_path, pixels, shape):
    path = tmp_path / "thin.png"
    cv2.imwrite(str(path), pixels(*shape))
    assert edge_emo("run", "--source", path, "--jsonl", tmp_path / "seen.jsonl").status == 0
    (record,) = records(tmp_path / "seen.jsonl")
    assert record["size"] == [shape[1], shape[0]]
    assert record["faces"] == []


def test_a_still_image_is_neither_live_nor_continuous(portrait_file):
    with open_source(str(portrait_file)) as source:
        assert not source.live
        assert not source.continuous


def test_whatever_a_folder_holds_besides_is_named_with_its_reason(album, short_video, caplog):
    (album / "film").write_bytes(short_video.read_bytes())
    (album / "more").mkdir()
    (album / "photo").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (album / ".hidden").touch()
    (album / "__MACOSX").mkdir()
    (album / "Thumbs.db").touch()
    with open_source(str(album)) as source:
        assert len(list(source)) == 6
    *named, count = caplog.messages
    assert [line.removeprefix(f"{album}/").partition(";")[0] for line in named] == [
        "film: is a video",
        "more: is a folder",
        "notes.txt: is not an image of a known kind",
        "photo: is HEIC, which needs pillow-heif: run \"pip install 'edge-emo[heif]'\", or save it as JPEG",
    ]
    assert count == f"{album}: 4 of 10 files are skipped"


@pytest.mark.parametrize("name", ["photo", "photo.jfif", "photo.txt", "photo.mp4"])
def test_what_a_file_holds_decides_not_its_name(portrait_file, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(portrait_file.read_bytes())
    with open_source(str(path)) as source:
        (frame,) = source
    assert (frame.position_s, frame.size) == (None, (512, 512))


def test_a_video_with_an_images_name_is_played(short_video, tmp_path):
    path = tmp_path / "film.jpg"
    path.write_bytes(short_video.read_bytes())
    with open_source(str(path)) as source:
        assert len(list(source)) == 8


@pytest.mark.skipif(not hasattr(cv2, "imwriteanimation"), reason="this OpenCV writes no animation")
@pytest.mark.parametrize("ending", ["webp", "png"])
def test_an_animation_is_played_as_a_video_is(scene, tmp_path, caplog, ending):
    if ending == "png" and tuple(map(int, cv2.__version__.split(".")[:2])) < (4, 12):
        pytest.skip("OpenCV below 4.12 writes other times into an animated PNG")
    animation = cv2.Animation()
    animation.frames = scene("one face", 5)
    animation.durations = np.array([40, 40, 80, 40, 40], np.int32)
    path = tmp_path / f"moving.{ending}"
    assert cv2.imwriteanimation(str(path), animation)
    with open_source(str(path)) as source:
        assert source.continuous
        frames = list(source)
    assert [round(frame.position_s, 3) for frame in frames] == [0, 0.04, 0.08, 0.16, 0.2]
    assert abs(frames[4].color().astype(int) - animation.frames[4]).mean() < 4
    with open_source(str(tmp_path)) as source:
        assert len(list(source)) == 1
    assert any("animated; only its first picture" in m for m in caplog.messages)


# The second image never comes, as from a disk in a network that has gone. Once it is waited for, two signals
# arrive at the thread that reads, as the kernel may give them to any: the main one is not woken.
HANGING = """
import signal, threading, time
from edge.cli import main
from edge.sources import images
begun, waited_for = threading.Event(), threading.Event()
real_wait, real_load = images.wait, images.load_picture
def wait(*what):
    if begun.is_set():
        waited_for.set()
    return real_wait(*what)
def load(path):
    if path.name.startswith("2"):
        begun.set()
        waited_for.wait()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.pthread_kill(threading.get_ident(), number)
        time.sleep(3600)
    return real_load(path)
images.wait, images.load_picture = wait, load
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals are needed")
def test_a_file_that_cannot_be_waited_for_does_not_keep_a_run_from_its_end(album):
    command = [sys.executable, "-c", HANGING, "run", "--source", str(album), "--jsonl", "-"]
    # Where the tests run in the background, Ctrl-C is ignored, and what they start inherits that.
    usual = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, **usual) as process:
        out, _ = process.communicate(timeout=600)
    (line,) = out.splitlines()
    assert (process.returncode, json.loads(line)["frame"]) == (0, 0)


def test_what_is_being_read_when_a_folder_is_closed_is_waited_for_a_while_only(album, monkeypatch):
    real, end = images.load_picture, threading.Event()

    def load(path):
        if path.name.startswith("2"):
            end.wait(600)
        return real(path)

    monkeypatch.setattr(images, "load_picture", load)
    monkeypatch.setattr(images, "PATIENCE_S", 0.01)
    with open_source(str(album), SourceOptions(ahead=True)) as source:
        frames = iter(source)
        assert next(frames).source.endswith("1-color.png")
    assert source.hung
    end.set()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_a_name_that_is_no_unicode_gives_json_that_any_reader_takes(
    edge_emo_process, portrait_file, tmp_path
):
    folder = tmp_path / "album"
    folder.mkdir()
    shutil.copy(portrait_file, os.fsencode(folder) + b"/\xe4.png")
    ended = edge_emo_process("run", "--source", folder, "--jsonl", "-")
    (line,) = ended.out.splitlines()
    json.loads(line)["source"].encode()  # no half characters
    assert "\\ud" not in line.replace("\\\\", "")
