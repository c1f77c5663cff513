"""The follower gives every record once, in order, and goes on from any place it gave."""

import json
import random

import pytest

from edge.service.publish import cursor
from edge.service.publish.cursor import Standing
from edge.service.publish.follower import Follower


class Camera:
    """Writes numbered records and sets its file aside, as the service does."""

    def __init__(self, folder, numbered=True):
        self.path = folder / "faces.jsonl"
        self.written = []
        self.set_aside = 0
        self.numbered = numbered
        self.boot = "a1"

    def write(self, how_many=1, torn=False):
        with self.path.open("a") as file:
            for _ in range(how_many):
                record = {"schema": 1, "frame": len(self.written), "faces": []}
                if self.numbered:
                    record |= {"boot": self.boot, "sequence": len(self.written)}
                self.written.append(record)
                file.write(json.dumps(record) + "\n")
            if torn:
                file.write('{"schema": 1, "fra')

    def rotate(self):
        self.set_aside += 1
        self.path.rename(self.path.with_name(f"faces-{self.set_aside:06d}.jsonl"))

    def remove_oldest(self):
        min(self.path.parent.glob("faces-*.jsonl")).unlink()


@pytest.fixture
def camera(tmp_path):
    return Camera(tmp_path)


def frames(taken):
    return [t.record["frame"] for t in taken]


def test_every_record_is_read_once_from_all_files(camera):
    camera.write(5)
    camera.rotate()
    camera.write(5)
    follower = Follower(camera.path)
    assert frames(follower.read(3)) == [0, 1, 2]
    assert frames(follower.read(100)) == list(range(3, 10))
    assert follower.read(100) == []
    camera.write(2)
    camera.rotate()
    assert frames(follower.read(100)) == [10, 11]
    assert follower.read(100) == []  # the next file is not there yet
    camera.write()
    assert frames(follower.read(100)) == [12]


def test_a_record_that_is_being_written_is_waited_for(camera):
    camera.write(1, torn=True)
    follower = Follower(camera.path)
    assert frames(follower.read(9)) == [0]
    with camera.path.open("a") as file:
        file.write('me": 1, "faces": []}\n')
    assert frames(follower.read(9)) == [1]


def test_a_torn_end_of_a_file_set_aside_is_skipped(camera):
    camera.write(2, torn=True)
    camera.rotate()
    camera.write(2)
    assert frames(Follower(camera.path).read(9)) == [0, 1, 2, 3]


@pytest.mark.parametrize("numbered", [True, False])
def test_a_new_follower_goes_on_after_any_place(tmp_path, numbered):
    camera = Camera(tmp_path, numbered)
    for _ in range(4):
        camera.write(5)
        camera.rotate()
    camera.write(3)
    taken = Follower(camera.path).read(100)
    assert len({(t.place.boot, t.place.sequence) for t in taken}) == 23
    for number, place in enumerate(t.place for t in taken):
        again = Follower(camera.path, place).read(100)
        assert again == taken[number + 1 :], number


def test_a_place_is_found_after_its_file_was_set_aside(camera):
    camera.write(5)
    place = Follower(camera.path).read(3)[-1].place
    camera.rotate()
    camera.write(1)
    assert frames(Follower(camera.path, place).read(9)) == [3, 4, 5]


def test_what_was_removed_unread_is_counted(camera):
    follower = Follower(camera.path)
    for _ in range(4):
        camera.write(10)
        camera.rotate()
    camera.write(1)
    assert frames(follower.read(5)) == [0, 1, 2, 3, 4]
    for _ in range(3):
        camera.remove_oldest()
    rest = follower.read(100)
    # The file that was open is read to its end; ten of each of the two others are gone.
    assert frames(rest) == [*range(5, 10), *range(30, 41)]
    assert [t.lost for t in rest if t.lost] == [20]
    later = Follower(camera.path, rest[0].place).read(1)
    assert (frames(later), later[0].lost) == ([30], 24)


def test_after_a_power_cut_nothing_that_is_new_is_left_out(camera):
    """The cursor is safe on disk, the newest records are not: the file is shorter, then longer again."""
    camera.write(10)
    place = Follower(camera.path).read(10)[-1].place
    lines = camera.path.read_text().splitlines(keepends=True)
    camera.path.write_text("".join(lines[:6]) + lines[6][:10])
    camera.written = camera.written[:6]
    camera.boot = "b2"
    with camera.path.open("a") as file:
        file.write("\n")
    camera.write(20)
    taken = Follower(camera.path, place).read(100)
    assert [(t.place.boot, t.place.sequence) for t in taken] == [("b2", n) for n in range(6, 26)]
    assert [t.lost for t in taken] == [0] * 20


def test_a_file_lost_in_a_power_cut_does_not_bring_back_the_old_ones(camera):
    camera.write(5)
    camera.rotate()
    camera.write(1)
    place = Follower(camera.path).read(9)[-1].place
    camera.path.unlink()
    camera.written.pop()
    camera.boot = "b2"
    camera.write(2)
    assert frames(Follower(camera.path, place).read(9)) == [5, 6]


def empty(camera):
    with camera.path.open("r+") as file:
        file.truncate(0)


@pytest.mark.parametrize("seen", [True, False], ids=["at once", "when it is longer again"])
@pytest.mark.parametrize("after", [2, 10, 11, 30])
def test_a_file_that_is_emptied_in_place_is_begun_again(camera, seen, after):
    follower = Follower(camera.path)
    camera.write(10)
    assert len(follower.read(100)) == 10
    camera.write(3)  # never read: lost, and counted
    empty(camera)
    if seen:
        assert follower.read(100) == []
    camera.write(after)
    camera.rotate()
    camera.write(1)
    taken = follower.read(100)
    assert frames(taken) == list(range(13, 14 + after))
    assert [t.lost for t in taken if t.lost] == [3]


def test_a_file_that_was_emptied_while_the_broker_was_away_is_begun_again(camera):
    follower = Follower(camera.path)
    camera.write(10)
    place = follower.read(100)[-1].place
    empty(camera)
    camera.write(10)
    follower.rewind(place)
    assert frames(follower.read(100)) == list(range(10, 20))


def test_rewinding_repeats_what_came_after(camera):
    camera.write(5)
    camera.rotate()
    camera.write(5)
    follower = Follower(camera.path)
    taken = follower.read(100)
    for place in (taken[7].place, taken[2].place, taken[8].place):
        follower.rewind(place)
        assert [t.place for t in follower.read(100)] == [
            t.place for t in taken if t.place.sequence > place.sequence
        ]
    follower.rewind(None)
    assert follower.read(100) == taken


def test_the_newest_only(camera):
    camera.write(5)
    camera.rotate()
    camera.write(5)
    follower = Follower(camera.path, newest=True)
    assert follower.read(9) == []
    camera.write()
    assert frames(follower.read(9)) == [10]


def test_lines_that_are_no_records_are_skipped_however_long(camera):
    camera.write(1)
    with camera.path.open("a") as file:
        file.write("x" * (3 << 20) + "\n[1]\n{}\n" + "[" * 100_000 + "\n")
    camera.write(1)
    assert frames(Follower(camera.path).read(9)) == [0, 1]


def test_no_file_yet(camera):
    follower = Follower(camera.path)
    assert follower.read(9) == []
    camera.write()
    assert frames(follower.read(9)) == [0]


def test_any_order_of_events_loses_nothing_within_the_bound(tmp_path):
    """A thousand random steps: writing, setting aside, reading, restarting from the last place."""
    chance = random.Random(7)
    camera = Camera(tmp_path)
    follower, place, got = Follower(camera.path), None, []
    for _ in range(1000):
        match chance.randrange(5):
            case 0 | 1:
                camera.write(chance.randrange(1, 4))
            case 2 if camera.path.exists() and chance.random() < 0.3:
                camera.rotate()
            case 3:
                taken = follower.read(chance.randrange(1, 6))
                got += frames(taken)
                place = taken[-1].place if taken else place
            case 4:
                if chance.random() < 0.5:
                    follower = Follower(camera.path, place)
                else:
                    follower.rewind(place)
    got += frames(follower.read(10_000))
    assert got == list(range(len(camera.written)))


def test_a_standing_is_kept_whole_and_a_damaged_file_begins_again(tmp_path, camera, caplog):
    camera.write(1)
    standing = Standing(Follower(camera.path).read(1)[0].place, 7)
    kept = tmp_path / "cursor.json"
    assert cursor.load(kept) == {}
    cursor.save(kept, {"door": standing, "hall": Standing()})
    assert cursor.load(kept) == {"door": standing, "hall": Standing()}
    for damaged in (b"", b"{", b"[]", b'{"cameras": {"door": {"place": {"file": 1}, "lost": 0}}}'):
        kept.write_bytes(damaged)
        assert cursor.load(kept) == {}
        assert "beginning with the oldest" in caplog.text
