"""Hold back what C++ code of a library writes to stderr, so that ours stays readable."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Lead the process's stderr nowhere for a while; what Python raises still passes."""
    try:
        stderr = os.dup(2)
    except OSError:  # a program without stderr
        yield
        return
    if sys.stderr:
        sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
