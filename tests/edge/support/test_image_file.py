"""Images as files give them: 8 bits, upright, one picture."""

import cv2
import numpy as np
import pytest

from edge.support.image_file import read_image


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
    # The least EXIF segment: big-endian TIFF, one entry, orientation (0x112) = 6, turned right.
    tiff = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    note = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note
    (tmp_path / "turned.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    assert read_image(tmp_path / "turned.jpg").shape == (60, 40, 3)


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
