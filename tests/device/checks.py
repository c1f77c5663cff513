"""The steps of an acceptance: each is checked by itself, and what came of it is a row of a table."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import NoReturn

WRONG = (AssertionError, subprocess.SubprocessError, ValueError, TypeError, OSError)
MOST_SAID = 1500  # characters of a failure, its last ones


class Checks:
    """Base of an acceptance; `all` makes its checks.

    Attributes:
        only: words of the checks to make; all of them if none is given.
        always: checks that are made in any case, as the others build on them.
    """

    only: tuple[str, ...] = ()
    always: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []
        self.failed = 0

    def check(self, what: str, do: Callable[[], object]) -> None:
        """Make one check: what it returns is what came of it, an error that it failed."""
        if self.only and what not in self.always and not any(word in what for word in self.only):
            return
        began = time.monotonic()
        try:
            said, good = str(do()), True
        except WRONG as error:
            said, good = (str(error) or repr(error))[-MOST_SAID:] + self.hint(), False
            self.failed += 1
        word = "ok" if good else "FAILED"
        self.rows.append((what, word, said))
        print(f"{word:<6} {what}: {said} [{time.monotonic() - began:.0f} s]", flush=True)

    def hint(self) -> str:
        """Return what helps to understand a failure."""
        return ""

    def all(self) -> None:
        raise NotImplementedError

    def end(self) -> NoReturn:
        """Print the table and end the program, with status 1 if a check failed."""
        print("\n| what was done | result | what came of it |\n|---|---|---|")
        for row in self.rows:
            print("| " + " | ".join(" ".join(cell.split()) for cell in row) + " |")
        sys.exit(1 if self.failed else 0)
