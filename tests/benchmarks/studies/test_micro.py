"""Each stage timed by itself, here and in another version."""

import pytest
from click.testing import CliRunner

from benchmarks.studies import micro


@pytest.fixture
def timed(monkeypatch):
    """Run the command with times that are told, not measured; return its lines by stage."""

    def run(times, *arguments):
        asked = []

        def measured(place):
            asked.append(place)
            return times[(len(asked) - 1) % len(times)]

        monkeypatch.setattr(micro, "_measured", measured)
        done = CliRunner().invoke(micro.main, [str(a) for a in arguments])
        return done, asked

    return run


def test_a_ratio_compares_the_two_versions_of_one_turn(timed, monkeypatch, tmp_path):
    monkeypatch.setattr(micro, "_unpacked", lambda wheel, folder: folder)
    done, asked = timed([{"crop": 3.0}, {"crop": 2.0}], "--against", tmp_path, "--rounds", 2)
    assert done.exit_code == 0
    assert len(asked) == 4
    assert asked[0] == asked[2] == micro.HERE != asked[1] == asked[3]
    assert done.output.splitlines()[1].split() == ["crop", "3.000", "2.000", "1.50", "1.50..1.50"]


def test_what_is_no_wheel_is_refused_in_a_line(tmp_path):
    file = tmp_path / "some.whl"
    file.write_text("nothing")
    done = CliRunner().invoke(micro.main, ["--against", str(file)])
    assert done.exit_code == 1
    assert f"{file}: cannot be read as a wheel" in done.output


def test_every_stage_of_this_version_can_be_timed():
    times = micro._measured(micro.HERE)
    assert "next frame, two faces" in times
    assert all(ms > 0 for ms in times.values())
