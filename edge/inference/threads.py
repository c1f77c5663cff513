"""How many threads the work is spread over, by the cores that this process may use."""

import os

MOST = 4  # a face and a reduced frame are too small to be shared among more


def cores() -> int:
    """Return how many cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def inference_threads() -> int:
    """Return how many threads the interpreter gets: a small network gains little from more."""
    return max(1, min(MOST, cores()) // 2)


def vision_threads() -> int:
    """Return how many threads OpenCV gets: the face search is what takes the time."""
    return min(MOST, cores())
