"""Devices: one, several in a machine, several processes, on TensorFlow and on JAX."""

import importlib.util
import json
import os
import socket
import subprocess
import sys

import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from small_network import PROGRAM

from train.learning.devices import Devices

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is not installed (extra 'jax')"
)
# XLA compiles in two thirds of the time what it need not optimise.
XLA_FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
JAX = {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": XLA_FLAGS}
FAST = ["--arch", "small", "--set", "batch_size=16", "--set", "epochs=1"]


def environment(run):
    return json.loads((run / "environment.json").read_text())


def test_a_batch_is_shared_so_that_every_device_gets_as_many_faces():
    shares = [Devices(("a", "b"), process, 3).share(17) for process in range(3)]
    assert shares == [slice(0, 4), slice(4, 8), slice(8, 12)]
    assert Devices(("a",)).share(17) == slice(0, 17)


@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=needs_jax)])
def test_a_model_trained_on_two_devices_of_either_backend_is_read_by_evaluate(
    backend, edge_emo, python_process, labelled_folder_once, tmp_path
):
    run = tmp_path / "run"
    env = JAX if backend == "jax" else {**os.environ, "KERAS_BACKEND": backend}
    options = ["--data", labelled_folder_once, "--out", run, *FAST]
    ended = python_process(PROGRAM, "train", *options, "--devices", 2, env=env)
    assert ended.status == 0, ended.err
    prefix = {"tensorflow": "CPU", "jax": "cpu"}[backend]
    assert environment(run)["devices"] == [f"{prefix}:0", f"{prefix}:1"]
    assert environment(run)["backend"].startswith(f"{backend} ")
    evaluated = edge_emo("evaluate", "--model", run / "model.keras", "--data", labelled_folder_once)
    assert evaluated.status == 0, evaluated.err


def in_two_processes(run, data):
    """Train with two processes; return how each ended and what it said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, "train", "--data", data, "--out", run, *FAST]
    processes = [
        subprocess.Popen(
            [*map(str, command)],
            env={
                **JAX,
                "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port},127.0.0.1:{port + 1}",
                "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
                "KERAS_DISTRIBUTION_PROCESS_ID": str(number),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    said = [process.communicate(timeout=1800) for process in processes]
    return [process.returncode for process in processes], said


@needs_jax
def test_two_processes_train_one_model_and_the_first_writes_it(labelled_folder_once, tmp_path):
    for attempt in range(5):
        run = tmp_path / f"run{attempt}"
        status, said = in_two_processes(run, labelled_folder_once)
        if not any("in use" in err for _, err in said):  # another program was given the port
            break
    assert status == [0, 0], said
    assert "faces are right" in said[0][0]
    assert "faces are right" not in said[1][0]
    assert environment(run)["processes"] == 2
    assert (run / "model.keras").exists()


def test_several_hosts_on_tensorflow_are_refused_with_what_to_do(
    edge_emo, labelled_folder_once, tmp_path, assert_refused, monkeypatch
):
    monkeypatch.setenv("TF_CONFIG", "{}")
    options = ["--data", labelled_folder_once, "--out", tmp_path / "run", *FAST]
    assert_refused(edge_emo("train", *options), "for several use JAX")
