"""A video that comes through a pipe or a URL is analysed whole."""

import functools
import http.server
import json
import os
import subprocess
import sys
import threading

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="POSIX pipes are needed"),
]


@pytest.fixture(scope="module")
def film(scene, write_video, tmp_path_factory):
    """Forty frames in a container that can be read from a pipe."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    return write_video(path, scene("one face", 40))


def frames(text):
    return [json.loads(line)["frame"] for line in text.splitlines()]


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_loses_none_of_its_beginning(edge_emo_process, film, name):
    with film.open("rb") as file:
        cat = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
    with cat:
        ended = edge_emo_process("run", "--source", name, "--jsonl", "-", stdin=cat.stdout)
    assert ended.status == 0, ended
    assert frames(ended.out) == list(range(40))


def test_a_named_pipe_is_read_from_its_beginning(edge_emo_process, film, tmp_path):
    pipe = tmp_path / "pipe.mkv"
    os.mkfifo(pipe)
    write = "import sys; open(sys.argv[2], 'wb').write(open(sys.argv[1], 'rb').read())"
    with subprocess.Popen([sys.executable, "-c", write, film, pipe]) as writer:
        try:
            ended = edge_emo_process("run", "--source", pipe, "--jsonl", "-")
        finally:
            writer.kill()
    assert ended.status == 0, ended
    assert frames(ended.out) == list(range(40))


def test_a_pipe_that_brings_no_video_is_refused(edge_emo_process):
    ended = edge_emo_process("run", "--source", "-", stdin=subprocess.DEVNULL)
    assert ended.status == 1
    assert "standard input: is not a video" in ended.err


def test_a_video_behind_a_url_ends_when_it_ends(edge_emo_process, film):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=film.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/film.mkv"
        ended = edge_emo_process("run", "--source", url, "--jsonl", "-")
        server.shutdown()
    assert ended.status == 0, ended
    assert frames(ended.out) == list(range(40))
