"""Which files are analysed: all that is found, named as they were given, the large ones first."""

import os
import sys
from pathlib import Path

import pytest

from edge.batch.inputs import Input, find_inputs, longest_first, parse_shard, read_list, shard_of
from edge.support.errors import ConfigError, SourceError


@pytest.mark.slow
def test_a_folder_gives_all_its_files_by_name_and_says_what_is_wrong_with_them(inputs):
    found = {item.name: item for item in find_inputs([inputs])}
    assert list(found) == [
        *("in/broken.png", "in/clip.avi", "in/empty.mp4", "in/face.png", "in/notes.txt"),
        "in/sub folder/Zoë 1.png",
    ]
    assert {name: item.reason for name, item in found.items() if item.reason} == {
        "in/empty.mp4": "is empty",
        "in/notes.txt": "is neither a video nor an image, by its name",
    }
    assert found["in/clip.avi"].kind == "video"
    assert found["in/face.png"].kind == "image"


def test_a_file_that_is_named_twice_stands_once_and_the_results_are_left_out(inputs):
    results = inputs / "results"
    results.mkdir()
    (results / "old.png").write_bytes((inputs / "face.png").read_bytes())
    names = [item.name for item in find_inputs([inputs, inputs / "face.png"], results)]
    assert names.count("in/face.png") == 1
    assert not [name for name in names if "results" in name]


def test_a_named_file_may_have_any_suffix_and_one_that_is_missing_says_so(inputs):
    (inputs / "film").write_bytes((inputs / "clip.avi").read_bytes())
    film, missing = find_inputs([inputs / "film", inputs / "none.mp4"])
    assert (film.kind, film.reason) == ("video", "")
    assert missing.reason == "cannot be read: No such file or directory"


def test_a_place_that_cannot_be_looked_at_does_not_keep_the_rest_from_the_work(inputs):
    face, other = find_inputs([inputs / "face.png", inputs / ("x" * 300)])
    assert not face.reason
    assert other.reason == "cannot be read: File name too long"


@pytest.mark.parametrize("suffix", [".heic", ".HEIF", ".avif", ".ppm"])
def test_phones_photos_are_images_by_their_names(inputs, suffix):
    (inputs / f"photo{suffix}").write_bytes(b"x")
    found = {item.name: item for item in find_inputs([inputs])}
    assert (found[f"in/photo{suffix}"].kind, found[f"in/photo{suffix}"].reason) == ("image", "")


def test_nothing_to_analyse_is_refused(inputs):
    for path in (inputs / "none.mp4", inputs / "empty.mp4"):
        with pytest.raises(SourceError, match=rf"{path.name}: no video and no image"):
            find_inputs([path])


def test_no_two_inputs_share_a_place_for_their_records(tmp_path):
    names = [
        "/a/b.mp4",
        "a/b.mp4",
        "../a/b.mp4",
        "a/../b.mp4",
        "%2E%2E/a/b.mp4",
        "é" * 120,
        "é" * 121,
    ]
    places = {Input(name, Path(name), "video").records for name in names}
    assert len(places) == len(names)
    for place in places:
        assert not place.is_absolute()
        assert ".." not in place.parts
        assert all(len(os.fsencode(part)) <= 255 for part in place.parts)


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_a_name_that_is_not_unicode_is_an_input_with_a_reason(inputs, tmp_path):
    odd = os.path.join(os.fsencode(inputs), b"odd\xff.png")
    with open(odd, "wb") as file:
        file.write(b"x")
    found = {item.name: item.reason for item in find_inputs([inputs])}
    assert found["in/odd\\xff.png"] == "its name is not valid Unicode; rename it"


def test_shards_are_disjoint_and_hold_all_about_equally(tmp_path):
    inputs = [Input(f"{n}.mp4", Path(f"{n}.mp4"), "video", bytes=n * n) for n in range(50)]
    parts = [shard_of(inputs, n, 3) for n in (1, 2, 3)]
    assert sorted(item.name for part in parts for item in part) == sorted(i.name for i in inputs)
    sizes = [sum(item.bytes for item in part) for part in parts]
    assert max(sizes) < 1.2 * min(sizes)
    assert longest_first(inputs)[0].bytes == 49 * 49


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "a/b", "1/", "-1/3"])
def test_a_shard_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match=r"^shard: "):
        parse_shard(text)


def test_a_list_of_files_is_read_line_by_line(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("# a comment\na b.mp4\n\nü.png\n", encoding="utf-8")
    assert read_list(listed) == [Path("a b.mp4"), Path("ü.png")]
    with pytest.raises(SourceError, match=r"none\.txt: cannot be read"):
        read_list(tmp_path / "none.txt")


def test_a_list_that_is_not_a_text_is_refused(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match="is not a text in UTF-8"):
        read_list(listed)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--submit", "timeout_min=1"), "--submit needs --executor"),
        (("--merge", "--shard", "1/2"), "--merge joins what is there"),
        (("--executor", "local", "--shard", "1/2"), "--executor starts all shards"),
        (("--executor", "local", "--retry"), "--executor starts all shards"),
    ],
)
def test_no_option_of_several_machines_is_passed_over(edge_emo, tmp_path, options, said):
    ended = edge_emo("batch", tmp_path, "-o", tmp_path / "out", *options)
    assert ended.status == 2
    assert said in ended.err
    assert not (tmp_path / "out").exists()
