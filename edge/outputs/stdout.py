"""Standard output as a place for results."""

import sys

from ..support.atomic import cannot_write


def write_stdout(text: str) -> None:
    """Write and flush.

    Raises:
        BrokenPipeError: the reader has gone; the command line then ends quietly.
        OutputError: it cannot be written, as on a full disk.
    """
    if sys.stdout is None:  # a program started without standard output
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write("standard output", error) from error
