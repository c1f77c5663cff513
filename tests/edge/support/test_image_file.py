"""Images as files give them: 8 bits, upright, one picture."""

import os
import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest

from edge.support import image_file
from edge.support.errors import SourceError
from edge.support.image_file import (
    is_still,
    kind_of,
    load_image,
    load_picture,
    read_image,
    what_it_is,
)
from edge.support.image_file.kinds import is_animated, pixels_of


def test_an_image_of_16_bits_or_with_transparency_is_read_as_8_bits(tmp_path, pixels):
    color = pixels(20, 30, 3)
    cv2.imwrite(str(tmp_path / "deep.png"), color.astype(np.uint16) * 257)
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([color, pixels(20, 30)]))
    for name in ("deep.png", "alpha.png"):
        image = read_image(tmp_path / name)
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, color)


def test_a_photo_is_turned_upright_as_its_exif_note_says(tmp_path, pixels):
    jpeg = cv2.imencode(".jpg", pixels(40, 60, 3))[1].tobytes()
    (tmp_path / "turned.jpg").write_bytes(_turned(jpeg))
    assert read_image(tmp_path / "turned.jpg").shape == (60, 40, 3)


def _turned(jpeg):
    """Return a JPEG with the least EXIF segment: big-endian TIFF, one entry, orientation (0x112) = 6."""
    tiff = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    note = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note
    return jpeg[:2] + segment + jpeg[2:]


@pytest.mark.parametrize(
    ("width", "height", "by"),
    [
        *((40, 30, 1), (60, 40, 1), (121, 100, 2), (221, 220, 4)),
        # Reduced, these would be squares, which do not tell whether they were turned.
        *((120, 120, 2), (119, 120, 1), (120, 119, 1), (221, 223, 2)),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_jpeg_is_analysed_in_gray_a_large_one_reduced_and_has_all_its_pixels_in_colour(
    tmp_path, monkeypatch, width, height, by, turned
):
    monkeypatch.setattr(image_file, "ENOUGH_PIXELS", 3000)
    rows, columns = np.mgrid[0:height, 0:width]
    flat = cv2.merge(
        [(255 * part).astype(np.uint8) for part in (rows / height, columns / width, 0 * rows)]
    )
    jpeg = cv2.imencode(".jpg", flat)[1].tobytes()
    (tmp_path / "photo.jpg").write_bytes(_turned(jpeg) if turned else jpeg)
    picture = load_picture(tmp_path / "photo.jpg")
    whole = load_image(tmp_path / "photo.jpg")
    assert picture.size == ((height, width) if turned else (width, height))
    assert picture.size == whole.shape[1::-1]
    assert picture.gray.shape[::-1] == tuple(-(-side // by) for side in picture.size)
    assert (picture.color() == whole).all()
    expected = cv2.resize(cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY), picture.gray.shape[::-1])
    assert cv2.absdiff(picture.gray, expected).mean() < 4


def test_a_picture_of_another_kind_is_analysed_as_it_is(tmp_path, pixels):
    cv2.imwrite(str(tmp_path / "gray.png"), pixels(20, 30))
    cv2.imwrite(str(tmp_path / "color.png"), pixels(20, 30, 3))
    gray, color = (load_picture(tmp_path / name) for name in ("gray.png", "color.png"))
    assert gray.color() is gray.gray
    assert color.size == (30, 20)
    assert (color.gray == cv2.cvtColor(color.color(), cv2.COLOR_BGR2GRAY)).all()


def test_of_several_pictures_in_a_file_the_first_is_read(tmp_path, pixels):
    first, second = pixels(20, 30, 3), pixels(20, 30, 3)
    assert not np.array_equal(first, second)
    cv2.imwritemulti(str(tmp_path / "pages.tiff"), [first, second])
    np.testing.assert_array_equal(read_image(tmp_path / "pages.tiff"), first)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_an_image_that_is_cut_off_is_unreadable(tmp_path, pixels, suffix, share, capfd):
    whole = cv2.imencode(suffix, pixels(60, 80, 3))[1].tobytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(share * len(whole))])
    assert read_image(path) is None
    assert capfd.readouterr().err == ""


def test_a_file_that_is_not_there_is_unreadable(tmp_path):
    assert read_image(tmp_path / "none.png") is None
    assert read_image(tmp_path) is None


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("suffix", [".png", ".tiff", ".pgm"])
def test_cameras_of_fewer_bits_in_16_are_not_read_as_black(tmp_path, pixels, bits, suffix):
    gray = pixels(20, 30)
    gray[0, 0] = 255
    deep = gray.astype(np.uint16) << (bits - 8)
    cv2.imwrite(str(tmp_path / f"deep{suffix}"), deep)
    np.testing.assert_array_equal(load_image(tmp_path / f"deep{suffix}"), gray)


def test_an_image_of_floats_is_brought_to_8_bits(tmp_path, pixels):
    gray = pixels(20, 30)
    cv2.imwrite(str(tmp_path / "float.tiff"), gray.astype(np.float32) / 255)
    assert abs(load_image(tmp_path / "float.tiff").astype(int) - gray).max() <= 1


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff", ".pgm", ".ppm"])
@pytest.mark.parametrize("shape", [(20, 33), (20, 33, 3)])
def test_the_header_says_how_large_an_image_will_be(tmp_path, pixels, suffix, shape):
    path = tmp_path / f"image{suffix}"
    if not cv2.imwrite(str(path), pixels(*shape)):
        pytest.skip("not of this kind")
    assert pixels_of(kind_of(path), path.read_bytes()) == (33, 20)


def _png_header(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    crc = zlib.crc32(chunk).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + chunk + crc


def test_an_image_of_too_many_pixels_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_header(20_000, 20_000) + bytes(1000))
    with pytest.raises(
        SourceError, match=r"bomb.png: has 20000 x 20000 pixels; more than 120 mill"
    ):
        load_image(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not an image of a known kind|is empty"),
        (b"text", "is not an image of a known kind"),
        (b"\x89PNG\r\n\x1a\n", "is a damaged PNG"),
        (b"\0\0\0\x20ftypheic\0\0\0\0mif1heic", "is HEIC, which needs pillow-heif|damaged HEIC"),
        (b"\0\0\0\x20ftypisom\0\0\0\0isom", "is a video"),
        (b"8BPS\0\1", "is Photoshop, which this OpenCV"),
        (b"\xff\x0a" + bytes(50), "is JPEG XL, which this OpenCV"),
        (b"II*\0\x10\0\0\0CR\2\0", "is a camera's raw file, which"),
    ],
)
def test_what_cannot_be_read_is_named_by_what_it_is(tmp_path, content, said):
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(SourceError, match=f"photo.jpg: ({said})"):
        load_image(tmp_path / "photo.jpg")


def test_what_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        load_image(tmp_path / "none.jpg")
    with pytest.raises(SourceError, match="is a folder"):
        load_image(tmp_path)

    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.jpg").touch()
    monkeypatch.setattr("builtins.open", forbidden)
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        load_image(tmp_path / "a.jpg")


def test_a_gif_is_animated_when_it_holds_two_pictures():
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    picture = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    assert not is_animated(head + picture + b";")
    assert is_animated(head + picture + b"!\xf9\4\0\0\0\0\0" + picture + b";")


def test_a_gif_whose_first_picture_is_large_is_animated_too(tmp_path):
    head = b"GIF89a" + struct.pack("<HHBBB", 999, 999, 0x80, 0, 0) + bytes(6)
    large = b"\2" + (b"\xff" + bytes(255)) * 999 + b"\0"
    picture = b"," + struct.pack("<HHHHB", 0, 0, 999, 999, 0) + large
    for name, pictures in (("one.gif", 1), ("two.gif", 2)):
        (tmp_path / name).write_bytes(head + picture * pictures + b";")
    assert is_still(tmp_path / "one.gif")
    assert not is_still(tmp_path / "two.gif")
    assert "animated" in what_it_is(tmp_path / "two.gif")


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="Linux's /proc is needed")
def test_a_small_file_takes_little_memory(tmp_path, pixels):
    # Linux refuses a board of 512 MB as much as the largest file that is read would take.
    cv2.imwrite(str(tmp_path / "small.jpg"), pixels(20, 30))
    tracemalloc.start()
    try:
        load_picture(tmp_path / "small.jpg")
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()


def test_a_file_that_opens_but_cannot_be_read_is_unreadable():
    # As one on a failing card: "Input/output error".
    assert kind_of("/proc/self/mem") is None
    assert not is_still("/proc/self/mem")
    assert what_it_is("/proc/self/mem").startswith("cannot be read: ")
    with pytest.raises(SourceError, match="/proc/self/mem: cannot be read: "):
        load_picture("/proc/self/mem")
