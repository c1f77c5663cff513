"""Threads follow the cores that this process may use."""

import os

import pytest

from edge.inference import threads


@pytest.mark.parametrize(
    ("cores", "inference", "vision"), [(1, 1, 1), (2, 1, 2), (4, 2, 4), (64, 2, 4)]
)
def test_threads_are_chosen_for_the_cores(monkeypatch, cores, inference, vision):
    monkeypatch.setattr(threads, "cores", lambda: cores)
    assert threads.inference_threads() == inference
    assert threads.vision_threads() == vision


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")
def test_only_cores_that_the_process_may_use_count():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert threads.cores() == 1
    finally:
        os.sched_setaffinity(0, before)
