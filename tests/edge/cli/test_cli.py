"""The command line: help that is documentation, exit status, one line for an error, a quiet end."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from edge import __version__
from edge.cli import cli
from edge.support import registry

NO_TENSORFLOW = """
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras", "matplotlib"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""
MAIN = (
    NO_TENSORFLOW
    + """
from edge.cli import main
main(sys.argv[1:])
"""
)
HELP_OF_ALL = (
    NO_TENSORFLOW
    + """
import json
from click.testing import CliRunner
from edge.cli import cli
ended = {name: CliRunner().invoke(cli, [name, "--help"]) for name in sys.argv[1:]}
print(json.dumps({name: [e.exit_code, e.stdout, e.stderr] for name, e in ended.items()}))
"""
)
PATIENCE_S = 600
COMMANDS = registry.names(registry.COMMANDS)
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and pipes are needed")


def examples(text):
    """Return the command lines under `Examples:` in a help text."""
    shown = text.partition("Examples:\n")[2]
    return re.findall(r"^ +edge-emo( .*|)$", shown, re.MULTILINE)


def test_help_lists_every_command_and_two_examples(python_process):
    ended = python_process(MAIN, "--help")
    assert (ended.status, ended.err) == (0, "")
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", ended.out, re.MULTILINE)
    assert len(examples(ended.out)) >= 2


def test_the_summary_of_every_command_fits_its_line(edge_emo):
    listed = edge_emo("--help").out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == COMMANDS
    for line in listed:
        assert re.fullmatch(r"  [a-z]+ +[A-Z].*\w\.", line)
        assert "..." not in line


@posix
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_is_offered(shell):
    ended = subprocess.run(
        [shutil.which("edge-emo", path=Path(sys.executable).parent)],
        env={**os.environ, "_EDGE_EMO_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    if shell == "bash" and "Shell completion is not supported" in ended.stderr:
        pytest.skip("the bash here is older than completion needs")
    assert ended.returncode == 0, ended.stderr
    assert "_EDGE_EMO_COMPLETE" in ended.stdout


@posix
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("edge-emo ev", "evaluate"),
        ("edge-emo run --min", "--min-face"),
        ("edge-emo models s", "show"),
    ],
)
def test_shell_completion_finishes_commands_and_options(words, offered):
    ended = subprocess.run(
        [shutil.which("edge-emo", path=Path(sys.executable).parent)],
        env={
            **os.environ,
            "_EDGE_EMO_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert offered in [line.partition(",")[2] for line in ended.stdout.splitlines()]


@pytest.fixture(scope="module")
def helps(python_process):
    """Status, output and errors of every command's help, by its name, without TensorFlow."""
    ended = python_process(HELP_OF_ALL, *COMMANDS)
    assert ended.status == 0, ended
    return json.loads(ended.out)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_works_without_tensorflow_and_has_two_worked_examples(helps, name):
    status, out, err = helps[name]
    assert (status, err) == (0, "")
    assert len([e for e in examples(out) if e.startswith(f" {name}")]) >= 2


@pytest.mark.parametrize("name", COMMANDS)
def test_the_worked_examples_are_valid_command_lines(name):
    command = cli.get_command(click.Context(cli), name)
    for example in examples(command.get_help(click.Context(command, info_name=name))):
        arguments = shlex.split(example, comments=True)[1:]
        cli.get_command(click.Context(cli), name).make_context(name, arguments)


def test_the_version_is_the_packages(edge_emo):
    ended = edge_emo("--version")
    assert (ended.status, ended.err) == (0, "")
    assert __version__ in ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--colour"],
        ["run", "--fps"],
        ["run", "--fps", "fast"],
        ["run", "film.mp4"],
        ["fly"],
        ["--fly"],
        ["evaluate"],
        ["models", "show"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(edge_emo, arguments):
    ended = edge_emo(*arguments)
    assert ended.status == 2
    assert ended.out == ""
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err


def test_an_error_is_one_line_and_the_traceback_is_there_for_who_asks(edge_emo, assert_refused):
    arguments = ["run", "--source", "none.mp4"]
    assert_refused(edge_emo(*arguments), "none.mp4: no such file")
    assert_refused(edge_emo(*arguments, "-v"), "none.mp4: no such file")
    ended = edge_emo(*arguments, "-vv")
    assert ended.status == 1
    assert ended.err.startswith("Traceback")
    assert ended.err.splitlines()[-1].startswith("edge-emo: error: none.mp4")
    assert edge_emo("-vv", *arguments).err.startswith("Traceback")


def test_a_package_that_a_command_misses_is_said_with_the_extra_that_installs_it(
    python_process, assert_refused, labelled_folder_once
):
    pytest.importorskip("train")
    options = ["--data", labelled_folder_once, "--arch", "edge-s", "--out", "/nowhere"]
    assert_refused(python_process(MAIN, "train", *options), "edge-emo[train]")


def test_an_error_that_nobody_foresaw_is_one_line_too(python_process, portrait_file):
    code = """
import edge.sources.images, sys
def broken(self): raise ZeroDivisionError("line 1\\nline 2")
edge.sources.images.Images.__iter__ = broken
from edge.cli import main
main(sys.argv[1:])
"""
    ended = python_process(code, "run", "--source", portrait_file, "--output", "text")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("edge-emo: error: unexpected ZeroDivisionError: line 1 line 2")


@posix
def test_a_reader_that_goes_away_ends_the_run_quietly():
    command = [sys.executable, "-m", "edge", "run", "--source", "demo", "--jsonl", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == b""
    assert first["frame"] == 0


@posix
@pytest.mark.parametrize("arguments", [["--help"], ["models"], ["run", "--print-config"]])
def test_a_reader_that_is_gone_already_is_no_error(arguments):
    command = [sys.executable, "-m", "edge", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    with process:
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == b""


@pytest.fixture
def camera_run(tmp_path):
    """Start a run of the mock camera in a process; it is under way when the fixture returns it."""
    processes = []

    def start(*options):
        lines = tmp_path / "faces.jsonl"
        command = [sys.executable, "-m", "edge", "run", "--camera", "mock", "--size", "320x240"]
        process = subprocess.Popen(
            [*command, "--jsonl", str(lines), *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        deadline = time.monotonic() + PATIENCE_S
        while not lines.exists() or lines.read_bytes().count(b"\n") < 2:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.slow
@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_a_run_with_complete_files(camera_run, tmp_path, read_video, number):
    process = camera_run("--record", tmp_path / "out.avi")
    deadline = time.monotonic() + PATIENCE_S
    while not list(tmp_path.glob(".part-*")):  # a recording that has not begun may be left out
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert out == ""
    assert re.fullmatch(r"edge-emo: \d+ frames in .*\n", err)
    text = (tmp_path / "faces.jsonl").read_text()
    assert text.endswith("\n")
    records = [json.loads(line) for line in text.splitlines()]
    assert len(records) == int(re.search(r"(\d+) frames", err)[1])
    assert read_video(tmp_path / "out.avi")
    assert {p.name for p in tmp_path.iterdir()} == {"faces.jsonl", "out.avi"}


@pytest.mark.slow
@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_outputs_are_finished_does_not_cut_them_off(
    python_process, portrait_file, tmp_path, number
):
    code = """
import os, signal, sys
from edge.outputs.text import Text
def finish(self):
    os.kill(os.getpid(), int(sys.argv[1]))
    print("finished")
Text.close = finish
from edge.cli import main
main(["run", "--source", sys.argv[2], "--output", "text"])
"""
    ended = python_process(code, int(number), portrait_file)
    assert ended.status == 0, ended
    assert ended.out.endswith("finished\n")


def test_duration_ends_a_run_of_a_camera(edge_emo, tmp_path):
    lines = tmp_path / "faces.jsonl"
    options = ["--size", "320x240", "--duration", "0.3", "--jsonl", lines]
    ended = edge_emo("run", "--camera", "mock", *options)
    assert (ended.status, ended.out) == (0, "")
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    assert records
    assert {r["source"] for r in records} == {"mock"}
    assert {r["position_s"] for r in records} == {None}
    assert {tuple(r["size"]) for r in records} == {(320, 240)}


@pytest.mark.slow
@posix
def test_a_program_without_standard_output_runs_too(edge_emo_process, portrait_file, tmp_path):
    lines = tmp_path / "faces.jsonl"
    ended = edge_emo_process(
        "run", "--source", portrait_file, "--jsonl", lines, preexec_fn=lambda: os.close(1)
    )
    assert ended.status == 0, ended
    assert lines.read_text().count("\n") == 1
