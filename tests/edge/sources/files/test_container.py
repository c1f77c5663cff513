"""Only a file that is shorter than its container says, or whose pictures end early, is not whole."""

import struct

import pytest

from edge.sources import open_source
from edge.sources.files.container import what_is_missing
from edge.support.errors import SourceError


def frames_of(path):
    with open_source(str(path)) as source:
        return list(source)


@pytest.fixture
def film(scene, write_video, tmp_path):
    """Return a whole video of 20 frames with this ending."""
    codecs = {"mp4": "mp4v", "mov": "mp4v"}
    return lambda ending: write_video(
        tmp_path / f"film.{ending}", scene("one face", 20), codecs.get(ending, "MJPG")
    )


@pytest.mark.parametrize("ending", ["mp4", "mov", "avi", "mkv", "ts"])
def test_a_whole_file_lacks_nothing(scene, write_video, tmp_path, ending):
    codec = {"mp4": "mp4v", "mov": "mp4v", "ts": "MPG1"}.get(ending, "MJPG")
    path = write_video(tmp_path / f"film.{ending}", scene("one face", 20), codec)
    assert what_is_missing(path, 0.76, 0.04) is None
    assert len(frames_of(path)) == 20


def test_of_a_film_trimmed_by_its_edit_list_nothing_is_missing(film):
    path = film("mp4")
    content = bytearray(path.read_bytes())
    place = content.index(b"elst") + 12  # after version, flags and number of entries
    scale = struct.unpack_from(">I", content, content.index(b"mvhd") + 16)[0]
    struct.pack_into(">I", content, place, scale * 8 // 25)  # play eight frames of the twenty
    path.write_bytes(content)
    assert 7 <= len(frames_of(path)) <= 12


def test_a_length_that_is_that_of_the_sound_is_no_damage(film):
    path = film("mkv")
    content = bytearray(path.read_bytes())
    place = content.index(b"\x44\x89\x88") + 3  # Duration, a double, milliseconds
    assert struct.unpack_from(">d", content, place)[0] == pytest.approx(800, abs=50)
    struct.pack_into(">d", content, place, 9000.0)
    path.write_bytes(content)
    assert len(frames_of(path)) == 20


@pytest.mark.parametrize("ending", ["avi", "mkv"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_off_is_reported_after_its_frames(film, ending, share):
    path = film(ending)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(SourceError, match=r"promises [\d,]+ bytes, the file has [\d,]+"):
        frames_of(path)


def test_a_film_with_its_index_in_front_that_was_cut_off_is_reported(film):
    path = film("mp4")
    content = path.read_bytes()
    ftyp = int.from_bytes(content[:4])
    moov = content.index(b"moov") - 4
    index, data = bytearray(content[moov:]), content[ftyp:moov]
    chunks = index.index(b"stco") + 12
    for n in range(int.from_bytes(index[chunks - 4 : chunks])):
        (old,) = struct.unpack_from(">I", index, chunks + 4 * n)
        struct.pack_into(">I", index, chunks + 4 * n, old + len(index))
    whole = content[:ftyp] + bytes(index) + data
    path.write_bytes(whole)
    assert len(frames_of(path)) == 20
    path.write_bytes(whole[: ftyp + len(index) + len(data) // 2])
    with pytest.raises(SourceError, match="truncated or damaged"):
        frames_of(path)


def test_a_film_whose_pictures_end_early_is_reported(film):
    path = film("mp4")
    assert what_is_missing(path, 0.76, 0.04) is None
    assert "pictures end at 0.1 of 0.8 s" in str(what_is_missing(path, 0.04, 0.04))


def test_a_file_that_ends_in_zeros_after_a_power_cut_is_reported(film):
    path = film("mkv")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    with pytest.raises(SourceError, match="nothing but zeros"):
        frames_of(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0AVI ",
        b"RIFF\xff\xff\xff\xffAVI ",
        b"\x1aE\xdf\xa3",
        b"\x1aE\xdf\xa3\x84abcd\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\x08ftyp\0\0\0\0mdat",
        b"\0\0\0\x08ftyp\0\0\0\x01moov",
        b"\0\0\0\x08ftyp\0\0\0\x10moov\0\0\0\x03trak",
        b"anything else",
    ],
)
def test_a_container_that_says_nothing_is_taken_for_whole(tmp_path, content):
    (tmp_path / "film").write_bytes(content)
    assert what_is_missing(tmp_path / "film", 0.0, 0.04) is None
