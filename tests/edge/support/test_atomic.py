"""Files are written whole or not at all."""

import errno
import os
import stat
import threading
import tracemalloc
from pathlib import Path

import pytest

from edge.support.atomic import (
    Draft,
    read_bounded,
    refuse_to_replace,
    replacing,
    write_bytes,
    write_text,
)
from edge.support.errors import OutputError


def write_half_and_raise(path, error):
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


def test_a_file_appears_with_its_content_and_nothing_beside_it(tmp_path):
    write_text(tmp_path / "a.txt", "größer\n")
    assert (tmp_path / "a.txt").read_bytes() == "größer\n".encode()
    assert list(tmp_path.iterdir()) == [tmp_path / "a.txt"]


def test_an_error_leaves_the_old_file_untouched_and_no_temporary_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_half_and_raise(path, ZeroDivisionError)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_half_and_raise(tmp_path / "a.txt", KeyboardInterrupt)
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_stays_readable_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        assert temporary.suffix == ".txt"
        assert temporary.parent == tmp_path
    assert path.read_text() == "half"


def test_a_full_disk_is_an_output_error_that_names_the_file(tmp_path):
    full = OSError(28, "No space left on device")
    with pytest.raises(OutputError, match=r"a\.txt: cannot write: No space left"):
        write_half_and_raise(tmp_path / "a.txt", full)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["nowhere/a.txt", "file/a.txt", "folder"])
def test_a_place_that_cannot_be_written_is_an_output_error_that_names_it(tmp_path, target):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=f"{target}: cannot write"):
        write_bytes(tmp_path / target, b"x")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENAMETOOLONG])
def test_a_place_that_cannot_be_looked_at_is_an_output_error_too(tmp_path, monkeypatch, number):
    # As a folder that belongs to somebody else, whatever user runs this test.
    def refuse(*arguments, **options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.stat", refuse)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(OutputError, match=r"a\.txt: cannot write: "):
        write_bytes(tmp_path / "a.txt", b"x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are needed")
def test_a_pipe_or_device_is_never_replaced_by_a_file(tmp_path):
    # As /dev/null or /dev/stdout would be, for root.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "x")
    except OutputError:
        pass
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions are needed")
def test_the_file_gets_the_usual_permissions_not_those_of_a_temporary_one(tmp_path):
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_two_writers_of_one_file_do_not_mix(tmp_path):
    path = tmp_path / "a"
    contents = [bytes([n]) * 100_000 for n in range(4)]
    threads = [threading.Thread(target=write_bytes, args=(path, c)) for c in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_on_a_file_system_that_becomes_read_only_the_error_says_so(tmp_path, monkeypatch):
    draft = Draft(tmp_path / "film.mkv")

    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for change in ("replace", "unlink"):
        monkeypatch.setattr(Path, change, refuse)
    with pytest.raises(OutputError, match=r"film\.mkv: cannot write: Read-only file system"):
        draft.keep()


def test_what_is_read_is_not_replaced(tmp_path):
    path, link, other = (tmp_path / name for name in ("a.txt", "b.txt", "c.txt"))
    path.write_text("old")
    link.symlink_to(path)
    for out in (path, link, str(path)):
        with pytest.raises(OutputError, match="is read by this command"):
            refuse_to_replace(out, None, other, path)
    for out in (other, tmp_path, None, "-"):
        refuse_to_replace(out, path, "edge-s", None)
    refuse_to_replace(os.devnull, os.devnull)


def test_a_bounded_file_is_read_whole_and_takes_the_memory_of_what_it_holds(tmp_path):
    content = os.urandom(3_000_000)
    (tmp_path / "a").write_bytes(content)
    assert read_bounded(tmp_path / "a", 3_000_000) == content
    with pytest.raises(ValueError, match="more than 2,999,999 bytes"):
        read_bounded(tmp_path / "a", 2_999_999)
    tracemalloc.start()
    try:
        read_bounded(tmp_path / "a", 256 << 20)
        assert tracemalloc.get_traced_memory()[1] < 16e6
    finally:
        tracemalloc.stop()
