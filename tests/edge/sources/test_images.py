"""Still images: one, or a folder of them, each looked at by itself."""

import json

import cv2
import numpy as np
import pytest
from faces import portrait

from edge.sources import open_source
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


def test_every_image_is_judged_by_itself(edge_emo, album, tmp_path):
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
    (said,) = caplog.messages
    assert str(album / "2-gray.jpg") in said
    assert "skipped" in said


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
    corrupt.append(album / "deep.tif")
    cv2.imwrite(str(corrupt[-1]), np.ones((50, 50), np.float32))
    ended = edge_emo_process("run", "--source", album, "--jsonl", tmp_path / "seen.jsonl")
    assert ended.status == 0
    seen = {record["source"] for record in records(tmp_path / "seen.jsonl")}
    unread = [path for path in sorted(corrupt) if str(path) not in seen]
    assert len(unread) > 4
    *warnings, summary = ended.err.splitlines()
    assert warnings == [f"edge-emo: {path}: is no readable image; skipped" for path in unread]
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
