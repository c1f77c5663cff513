"""Lines for the journal carry their level; lines for a person do not."""

import os
import subprocess
import sys

import pytest

PROGRAM = "import logging; from edge.support.journal import prefix; print(prefix(logging.{}) + 'x')"


@pytest.mark.skipif(os.name != "posix", reason="systemd is of Linux")
@pytest.mark.parametrize(
    ("level", "told"), [("ERROR", "<3>x"), ("WARNING", "<4>x"), ("INFO", "<6>x")]
)
def test_only_the_journal_gets_the_level(level, told):
    reading, writing = os.pipe()
    where = os.fstat(writing)
    for stream, expected in ((f"{where.st_dev}:{where.st_ino}", told), ("1:1", "x")):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(level)],
            env={**os.environ, "JOURNAL_STREAM": stream},
            stdout=subprocess.PIPE,
            stderr=writing,
            text=True,
            check=True,
        )
        assert ended.stdout.strip() == expected
    os.close(writing)
    os.close(reading)
