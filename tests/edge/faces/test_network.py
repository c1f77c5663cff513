"""The network's maps are read as its file says, and it finds real faces in one look."""

import cv2
import numpy as np
import pytest
from faces import FACES, portrait

from edge.faces import DetectorOptions
from edge.faces.crop import roll, to_gray
from edge.faces.detector import FACE
from edge.faces.maps import (
    CHANNELS,
    UNIT,
    Found,
    Map,
    Maps,
    decode,
    distinct_places,
    filled,
    square,
    windows,
)
from edge.faces.network import NetworkDetector, confidence
from edge.inference.model_file import DETECTION, WINDOW, find_model
from edge.support.boxes import iou
from edge.support.errors import DetectorError

FAR = -20.0  # a logit of no face


def empty(stride, scale=1.0, zero_point=0):
    values = np.full((4, 4, CHANNELS), FAR, np.float32)
    values[..., 2:] = 0
    return Map(values, scale, zero_point, stride)


def found(*boxes):
    return Found(
        np.array(boxes, np.float32),
        np.linspace(0.9, 0.5, len(boxes)).astype(np.float32),
        np.zeros((len(boxes), 2, 2), np.float32),
    )


def test_maps_without_a_face_give_nothing():
    assert len(decode([empty(8), empty(16), empty(32)], 0.1).boxes) == 0


def test_a_cell_becomes_a_box_and_eyes_in_pixels():
    one = empty(16)
    one.values[2, 1] = [20, 20, 0.5, 0.25, np.log(2), np.log(3), -0.5, 0, 0.5, 0]
    faces = decode([one], 0.5)
    assert faces.scores[0] == pytest.approx(1)
    middle = np.array([1.5, 2.25]) * 16
    size = np.array([2, 3]) * 16
    assert faces.boxes[0] == pytest.approx([*(middle - size / 2), *size], abs=1e-3)
    assert faces.eyes[0] == pytest.approx(np.array([[8, 32], [24, 32]]))


def test_the_score_is_the_root_of_both_probabilities():
    one = empty(8)
    one.values[0, 0, :2] = 0, 20  # one half, one
    assert decode([one], 0.1).scores[0] == pytest.approx(np.sqrt(0.5), abs=1e-4)


def test_quantized_maps_say_the_same():
    exact = empty(8)
    exact.values[3, 3] = [4, 5, 0.5, 0.5, 1, 1, 0, 0, 1, 0]
    scale, zero_point = 0.1, -20
    steps = np.clip(np.rint(exact.values / scale) + zero_point, -128, 127).astype(np.int8)
    a, b = decode([exact], 0.5), decode([Map(steps, scale, zero_point, 8)], 0.5)
    assert b.boxes == pytest.approx(a.boxes, abs=1)
    assert b.scores == pytest.approx(a.scores, abs=0.01)


def test_the_best_comes_first_whatever_map_it_is_on():
    low, high = empty(8), empty(32)
    low.values[0, 0, :2], high.values[1, 1, :2] = 1, 3
    scores = decode([low, high], 0.5).scores
    assert scores[0] > scores[1]


def test_a_box_on_or_within_a_better_one_is_the_same_face():
    assert distinct_places(found([0, 0, 40, 40], [4, 4, 40, 40], [10, 10, 12, 12])) == [0]


def test_faces_side_by_side_stay_apart():
    assert distinct_places(found([0, 0, 40, 40], [41, 0, 40, 40])) == [0, 1]


@pytest.mark.parametrize(("score", "told"), [(0, 0), (0.3, 0.25), (0.6, 0.5), (0.8, 0.75), (1, 1)])
def test_the_networks_threshold_lies_at_one_half(score, told):
    assert confidence(score, 0.6) == pytest.approx(told)


def test_a_square_has_the_boxs_middle():
    x, y, width, height = square(np.array([10.0, 10, 30, 40]))
    assert width == height
    assert (x + width / 2, y + height / 2) == pytest.approx((25, 30))


@pytest.mark.parametrize("shape", [(480, 640), (721, 1283), (33, 700), (1, 1)])
def test_pictures_are_filled_up_to_whole_cells(shape):
    fed = filled(np.full(shape, 7, np.uint8))
    assert all(UNIT > more >= 0 for more in np.subtract(fed.shape, shape))
    assert all(side and side % UNIT == 0 for side in fed.shape)
    assert (fed == 7).all()


@pytest.mark.parametrize("shape", [(32, 32), (96, 160)])
def test_windows_are_three_rows_of_four_pixels_around_every_second_one(shape):
    height, width = shape
    picture = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    out = np.zeros((height // 2, width // 2, WINDOW), np.uint8)
    windows(picture, out)
    framed = np.pad(picture, ((1, 1), (1, 3))).astype(int)
    for place, (row, column) in enumerate(np.ndindex(3, 4)):
        seen = out.view(np.int8)[:, :, place].astype(int) + 128
        assert (seen == framed[row : row + height : 2, column : column + width : 2]).all()


def test_a_small_picture_is_set_into_a_sheet_with_its_edge_repeated():
    picture = np.random.default_rng(6).integers(0, 256, (400, 600), dtype=np.uint8)
    sheet = filled(picture, (416, 608))
    assert sheet.shape == (416, 608)
    assert (sheet[:400, :600] == picture).all()
    assert (sheet[400:, :600] == picture[-1]).all()


@pytest.fixture(scope="module")
def detector():
    return NetworkDetector()


@pytest.fixture(scope="module")
def portraits():
    return [to_gray(portrait(name)) for name in FACES]


def test_photos_of_many_shapes_are_looked_at_in_few(monkeypatch, detector):
    # To fit an interpreter to a shape takes longer than a look.
    looked_at = set()
    run = Maps.run
    monkeypatch.setattr(
        Maps, "run", lambda maps, picture: looked_at.add(picture.shape) or run(maps, picture)
    )
    for width, height in ((640, 480), (640, 427), (612, 612), (4000, 2667), (1024, 819)):
        for shape in ((height, width), (width, height)):
            detector.detect(np.full(shape, 90, np.uint8))
    assert {shape for shape in looked_at if np.prod(shape) < 300_000} == {
        *((416, 608), (608, 416), (480, 480))
    }


def test_it_finds_real_faces_with_their_eyes(detector, portraits):
    for picture in portraits:
        (face,) = (f for f in detector.detect(picture) if f.score >= FACE)
        x, y, width, height = face.box
        assert width == height
        right, left = face.eyes
        assert x < right[0] < left[0] < x + width  # the person's right eye is on the left
        assert all(y < eye[1] < y + height / 2 for eye in (right, left))


@pytest.mark.parametrize("degrees", [-30, 30])
def test_it_finds_a_tilted_face(detector, portraits, degrees):
    for picture in portraits:
        height, width = picture.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
        turned = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        assert any(face.score >= 0.5 for face in detector.detect(turned))


def test_it_finds_a_face_in_an_eighth_of_the_light(detector, portraits):
    for picture in portraits:
        assert any(face.score >= 0.5 for face in detector.detect(picture // 8))


def test_it_remembers_nothing_not_even_the_pictures_size(detector, portraits):
    first, second = portraits
    alone = detector.detect(first)
    detector.detect(second[:200, :300])
    assert detector.detect(first) == alone


def test_it_does_not_change_the_picture(detector, portraits):
    before = portraits[0].copy()
    detector.detect(portraits[0])
    assert (portraits[0] == before).all()


@pytest.mark.parametrize("gray", [0, 128, 255])
def test_a_blank_picture_has_no_face(detector, gray):
    assert detector.detect(np.full((480, 640), gray, np.uint8)) == []


def test_a_face_smaller_than_wanted_is_left_out(portraits):
    picture = np.full((2000, 1000), 128, np.uint8)
    picture[:200, :200] = portraits[0][:200, 130:330]
    assert NetworkDetector(DetectorOptions(min_face=0.5)).detect(picture) == []


def test_a_shipped_file_that_is_gone_is_one_plain_line(tmp_path, monkeypatch):
    monkeypatch.setattr("edge.inference.model_file.data_folder", lambda name: tmp_path)
    said = r"^model 'face-finder': no such file, and none is shipped here; or take --detector haar"
    with pytest.raises(DetectorError, match=said):
        NetworkDetector()


def test_a_missing_or_damaged_file_names_haar_as_the_way_out(tmp_path):
    with pytest.raises(DetectorError, match=r"none\.tflite: cannot be read.*--detector haar"):
        NetworkDetector(DetectorOptions(model="none.tflite"))
    content = bytearray(find_model(None, DETECTION).read_bytes())
    content[1000] ^= 1
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(content)
    with pytest.raises(DetectorError, match=r"checksum differs.*--detector haar"):
        NetworkDetector(DetectorOptions(model=str(damaged)))


def test_an_emotion_model_is_no_detector():
    with pytest.raises(DetectorError, match="for another task"):
        NetworkDetector(DetectorOptions(model=str(find_model("edge-s"))))


def test_a_face_that_fills_the_picture_or_is_partly_outside_is_found(detector, portraits):
    x, y, side, _ = FACES["astronaut"]
    cut = x + side // 3
    pictures = {
        (0, 0): portraits[0][y : y + side, x : x + side],
        (x, 0): portraits[0][y:],
        (-(side // 3), y): portraits[0][:, cut:],
    }
    for (left, top), picture in pictures.items():
        best = max(detector.detect(picture), key=lambda face: face.score)
        assert best.score >= FACE
        assert iou(best.box, (left, top, side, side)) > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (2, 2000), (2000, 2), (23, 23), (4000, 30)])
def test_a_picture_too_small_or_thin_for_a_face_has_none(detector, pixels, shape):
    assert not any(face.score >= FACE for face in detector.detect(pixels(*shape)))


def in_a_large_picture(portrait, side):
    """Return 1280x720 gray with a portrait whose face is about `side` pixels wide, and its box."""
    x, y, width, _ = FACES["astronaut"]
    ratio = side / width
    size = round(portrait.shape[1] * ratio), round(portrait.shape[0] * ratio)
    picture = np.full((720, 1280), 128, np.uint8)
    picture[200 : 200 + size[1], 300 : 300 + size[0]] = cv2.resize(
        portrait, size, interpolation=cv2.INTER_AREA
    )
    return picture, (300 + round(x * ratio), 200 + round(y * ratio), side, side)


def test_a_still_is_looked_at_closely_enough_for_small_faces(detector, portraits):
    picture, box = in_a_large_picture(portraits[0], 26)
    best = max(detector.detect(picture), key=lambda face: face.score)
    assert best.score >= FACE
    assert iou(best.box, box) > 0.5


def test_a_glance_takes_the_large_faces_of_a_large_picture(detector, portraits):
    picture, box = in_a_large_picture(portraits[0], 90)
    (face,) = (f for f in detector.glance(picture) if f.score >= FACE)
    assert iou(face.box, box) > 0.5


def test_large_pictures_of_several_shapes_take_turns(detector, portraits):
    lying, _ = in_a_large_picture(portraits[0], 90)
    standing = np.ascontiguousarray(lying[:, :700])
    alone = detector.detect(lying)
    detector.detect(standing)
    assert detector.detect(lying) == alone


def test_a_face_that_two_looks_find_is_one_face(detector, portraits):
    picture, box = in_a_large_picture(portraits[0], 100)
    (face,) = (f for f in detector.detect(picture) if f.score >= FACE)
    assert iou(face.box, box) > 0.5


def test_it_knows_how_far_a_head_leans(detector, portraits):
    picture = portraits[1]
    height, width = picture.shape
    for lean in (-45, -30, -15, 0, 15, 30, 45):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -lean, 0.6)
        turned = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        best = max(detector.detect(turned), key=lambda face: face.score)
        assert best.score >= FACE
        assert roll(best.eyes) == pytest.approx(lean, abs=15)


@pytest.mark.parametrize("shape", [(720, 1280), (1280, 720), (3000, 4000)])
def test_the_parts_of_a_large_frame_cover_it_and_overlap(detector, shape):
    covered = np.zeros(shape, int)
    for x, y, width, height in detector.parts(shape):
        covered[y : y + height, x : x + width] += 1
    assert covered.min() == 1
    assert covered.max() == 2
    assert (covered == 2).mean() == pytest.approx(1 / 15, abs=0.01)


def test_a_frame_that_a_glance_shows_well_enough_has_no_parts(detector):
    assert detector.parts((480, 640)) == []
    assert NetworkDetector(DetectorOptions(min_face=0.1)).parts((720, 1280)) == []
