"""The challenge's csv: splits by Usage, its own order of emotions, damaged rows, votes beside it."""

import numpy as np
import pytest

from edge.evaluation.datasets import find_splits, load_split
from edge.evaluation.datasets.ferplus import VOTES
from edge.support.errors import DatasetError
from edge.support.labels import EMOTIONS

HEADER = "emotion,pixels,Usage"
USAGES = ("Training", "Training", "PublicTest", "Training", "PrivateTest", "PublicTest")


@pytest.fixture
def faces(pixels):
    return pixels(len(USAGES), 48, 48)


def row(face, emotion=3, usage="Training"):
    return f'{emotion},"{" ".join(map(str, face.ravel()))}",{usage}'


@pytest.fixture
def write(tmp_path):
    """Write the lines of `fer2013.csv` and return its folder."""

    def to_file(*lines, name="fer2013.csv"):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return tmp_path

    return to_file


@pytest.fixture
def challenge(write, faces):
    """A folder with the csv: six rows of the three splits, emotions 0 to 5."""
    return write(HEADER, *(row(f, i, USAGES[i]) for i, f in enumerate(faces)))


def votes_file(rows=USAGES):
    head = ",".join(["Usage", "Image name", *VOTES])
    return [head, *(f"{u},fer{i:07}.png,{i},0,0,0,0,0,0,0,0,1" for i, u in enumerate(rows))]


def test_usage_distinguishes_the_splits(challenge, faces):
    assert set(find_splits(challenge)) == {"train", "validation", "test"}
    for split, rows in {"train": [0, 1, 3], "validation": [2, 5], "test": [4]}.items():
        read = load_split(challenge, split)
        assert read.split == split
        np.testing.assert_array_equal(read.images, faces[rows])
        assert read.names == tuple(f"fer2013.csv:{i + 2}" for i in rows)
        assert read.skipped == ()
        assert read.votes is None


def test_the_csv_itself_can_be_named(challenge):
    by_name = load_split(challenge / "fer2013.csv", "train")
    assert by_name.names == load_split(challenge, "train").names


def test_the_challenges_numbers_become_our_emotions(write, faces):
    order = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    data = write(HEADER, *(row(faces[0], number) for number in range(7)))
    assert [EMOTIONS[label] for label in load_split(data).labels] == order


def test_columns_are_found_by_name_in_any_order_case_and_spacing(write, faces):
    numbers = " ".join(map(str, faces[0].ravel()))
    data = write(
        "\ufeffEmotion, Usage, pixels", f"4, PublicTest, {numbers}", name="icml_face_data.csv"
    )
    read = load_split(data)
    assert (read.split, read.counts()["sad"]) == ("validation", 1)
    np.testing.assert_array_equal(read.images, faces[:1])


def test_lines_may_end_as_on_windows(challenge, faces):
    path = challenge / "fer2013.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    np.testing.assert_array_equal(load_split(challenge, "test").images, faces[[4]])


def test_faces_have_the_requested_size(challenge):
    assert load_split(challenge, "train", shape=(32, 40)).images.shape == (3, 32, 40)


BLANK = np.zeros(48 * 48, int)


@pytest.mark.parametrize(
    "damaged",
    [
        row(BLANK[1:]),
        row(np.append(BLANK, 0)),
        row(np.append(BLANK[1:], 256)),
        row(np.append(BLANK[1:], -1)),
        row(np.append(BLANK[1:], 99999999999999999999999)),
        row(BLANK).replace("0 0 0", "0 x 0", 1),
        row(BLANK).replace("0 0 0", "0 1.5 0", 1),
        row(BLANK, emotion=7),
        row(BLANK, emotion=""),
        row(BLANK, emotion="happy"),
        row(BLANK, usage="Nothing"),
        "3,,Training",
        '3,"0 0 0',
        "3",
        "\0\0",
    ],
)
def test_a_damaged_row_is_skipped_and_listed_by_its_line(write, faces, damaged):
    data = write(HEADER, row(faces[0]), damaged, row(faces[1]))
    read = load_split(data)
    assert read.skipped == ("fer2013.csv:3",)
    assert read.names == ("fer2013.csv:2", "fer2013.csv:4")
    np.testing.assert_array_equal(read.images, faces[:2])


def test_a_download_that_broke_off_loses_only_its_last_row(challenge, faces):
    path = challenge / "fer2013.csv"
    path.write_bytes(path.read_bytes()[:-2000])
    read = load_split(challenge, "validation")
    np.testing.assert_array_equal(read.images, faces[[2]])
    assert read.skipped == ("fer2013.csv:7",)


def test_progress_ends_at_the_number_of_faces(challenge):
    told = []
    load_split(challenge, "train", progress=lambda *at: told.append(at))
    assert told[-1] == (3, 3)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([""], "its first line must name the columns emotion, pixels and Usage"),
        (["emotion,pixels", "0,0"], "its first line must name the columns"),
        ([HEADER], "no row says Training, PublicTest or PrivateTest"),
        ([HEADER, "0,0,Unknown"], "no row says Training"),
        ([HEADER, "0,0 0,Training"], "holds no readable face of the split 'train'"),
    ],
)
def test_a_file_without_faces_is_refused_by_name(write, lines, said):
    with pytest.raises(DatasetError, match=f"fer2013.csv: .*{said}"):
        load_split(write(*lines))


def test_any_other_file_is_refused_by_name(tmp_path):
    (tmp_path / "faces.zip").write_bytes(bytes(range(256)) * 100)
    with pytest.raises(DatasetError, match=r"faces.zip: is not laid out as fer2013.csv"):
        find_splits(tmp_path / "faces.zip")


def test_folders_of_splits_go_before_a_csv_beside_them(challenge):
    (challenge / "train" / "happy").mkdir(parents=True)
    assert list(find_splits(challenge)) == ["train"]


def test_votes_are_joined_row_by_row(challenge, write):
    write(*votes_file(), name="fer2013new.csv")
    read = load_split(challenge, "validation")
    assert read.votes.shape == (2, 10)
    assert read.votes.dtype == np.int64
    assert read.votes[:, 0].tolist() == [2, 5]  # of its rows 2 and 5
    assert read.votes[:, 9].tolist() == [1, 1]
    assert read.select(np.array([1])).votes[:, 0].tolist() == [5]


def test_a_damaged_row_does_not_shift_the_votes(write, faces):
    lines = [row(f, i, USAGES[i]) for i, f in enumerate(faces)]
    lines[0] = "damaged"
    data = write(HEADER, *lines)
    write(*votes_file(), name="fer2013new.csv")
    assert load_split(data, "train").votes[:, 0].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (votes_file(USAGES[:-1]), "has 5 rows, fer2013.csv has 6"),
        (votes_file(USAGES[::-1]), "its row 1 is of another split than fer2013.csv:2"),
        ([*votes_file()[:-1], "Training,x.png,1,2"], "line 7 is not of FER+"),
        ([*votes_file()[:-1], votes_file()[-1].replace("5,0", "five,0")], "line 7 is not of FER+"),
        ([*votes_file()[:-1], votes_file()[-1].replace("5,0", "-5,0")], "line 7 is not of FER+"),
        (["Usage,votes"], "line 1 is not of FER+"),
        ([], "line 1 is not of FER+"),
    ],
)
def test_votes_of_other_faces_are_refused_by_name(challenge, write, lines, said):
    write(*lines, name="fer2013new.csv")
    with pytest.raises(DatasetError, match=f"fer2013new.csv: {said}".replace("+", r"\+")):
        load_split(challenge, "validation")
