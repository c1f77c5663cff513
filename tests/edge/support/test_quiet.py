"""Nothing that a library's C++ code says reaches stderr, and what we say afterwards does."""

import io
import os
import subprocess
import sys
import threading

import pytest

from edge.support.quiet import quiet_stderr


def test_what_c_code_writes_is_held_back_and_only_for_a_while(capfd):
    with quiet_stderr():
        os.write(2, b"INFO: created delegate\n")
    os.write(2, b"ours\n")
    print("and ours", file=sys.stderr)
    assert capfd.readouterr().err == "ours\nand ours\n"


def test_what_we_say_arrives_while_a_library_is_held_back():
    program = (
        "import os, sys; from edge.support.quiet import keep_own_stderr, quiet_stderr\n"
        "keep_own_stderr()\n"
        "with quiet_stderr():\n"
        "    os.write(2, b'theirs'); print('ours', file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, check=True)
    assert ended.stderr.split() == [b"ours"]


def test_an_error_is_raised_and_stderr_is_restored(capfd):
    with pytest.raises(ZeroDivisionError), quiet_stderr():
        raise ZeroDivisionError
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("closed")])
def test_a_stderr_that_takes_nothing_more_does_not_end_the_work(monkeypatch, error):
    # Its disk is full, and a message waits to be written; or the program has closed it.
    class Full(io.StringIO):
        def flush(self):
            raise error

    monkeypatch.setattr("sys.stderr", Full())
    with quiet_stderr():
        done = True
    assert done


def test_two_threads_that_hold_it_back_at_once_do_not_lose_stderr(capfd):
    # As the reading of images and the opening of a recording may meet.
    first_in, second_in, first_out = (threading.Event() for _ in range(3))

    def first():
        with quiet_stderr():
            first_in.set()
            second_in.wait(60)
        first_out.set()

    def second():
        first_in.wait(60)
        with quiet_stderr():
            second_in.set()
            first_out.wait(60)

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


@pytest.mark.slow
def test_a_full_disk_does_not_keep_the_program_from_starting(
    edge_emo_process, no_file_larger_than, portrait_file
):
    ended = edge_emo_process(
        "run", "--source", portrait_file, "--jsonl", "-", **no_file_larger_than(0)
    )
    assert ended.status == 0, ended
    assert ended.out.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX descriptors are needed")
def test_a_program_without_stderr_runs_too(edge_emo_process, portrait_file):
    # As some schedulers start programs.
    ended = edge_emo_process(
        "run", "--source", portrait_file, "--jsonl", "-", preexec_fn=lambda: os.close(2)
    )
    assert ended.status == 0
    assert ended.out.count("\n") == 1
