"""Signals end a run or have its settings read again, whatever they interrupt."""

import signal
import sys
import threading

import pytest

from edge.live.signals import events_of_signals

PATIENCE_S = 600

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


class Locked(threading.Event):
    """An event with a lock that a test can hold, as `threading.Event` holds its own for a moment."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def set(self):
        with self.lock:
            super().set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_to_end_sets_the_event_and_the_second_raises(number):
    stop = threading.Event()
    with events_of_signals(stop):
        signal.raise_signal(number)
        assert stop.wait(PATIENCE_S)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_each_hang_up_sets_its_event():
    stop, again = threading.Event(), threading.Event()
    with events_of_signals(stop, again):
        for _ in range(3):
            signal.raise_signal(signal.SIGHUP)
            assert again.wait(PATIENCE_S)
            again.clear()
    assert not stop.is_set()


def test_a_signal_may_come_while_the_lock_of_its_event_is_held():
    stop, again = Locked(), Locked()
    with events_of_signals(stop, again):
        with again.lock:
            signal.raise_signal(signal.SIGHUP)
        assert again.wait(PATIENCE_S)
        with stop.lock:
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(PATIENCE_S)


def test_afterwards_signals_do_what_they_did_before():
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with events_of_signals(threading.Event(), threading.Event()):
        pass
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
