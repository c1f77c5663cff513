"""The process that analyses: reads one input a line from standard input, answers on standard output.

A decoder that crashes takes this process down and no other; `pool` starts the next one.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from ..support.errors import EdgeEmoError
from .inputs import Input
from .options import BatchOptions


def main() -> None:
    """Serve until standard input ends: the first line holds the options, each other one an input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    try:
        _serve(sys.stdin, answers)
    except BrokenPipeError:
        os._exit(1)


def _serve(asked: TextIO, answers: TextIO) -> None:
    import cv2

    from .analysis import analyse

    cv2.setNumThreads(1)
    recognizer = BatchOptions(**json.loads(asked.readline())).recognizer()
    starter = os.getppid()

    def answer(**said: Any) -> None:
        answers.write(json.dumps(said) + "\n")
        answers.flush()

    def progress(share: float) -> None:
        if os.getppid() != starter:  # it was killed: nobody waits for this any more
            os._exit(1)
        answer(progress=share)

    answer(ready=True)
    for line in asked:
        item, target = _job(json.loads(line))
        answer(done=_result(item, target, analyse, recognizer, progress))


def _job(asked: dict[str, Any]) -> tuple[Input, Path]:
    return Input(asked["name"], Path(asked["path"]), asked["kind"]), Path(asked["target"])


def _result(item: Input, target: Path, analyse: Callable[..., Any], *more: Any) -> dict[str, Any]:
    from .analysis import Summary

    try:
        result: dict[str, Any] = analyse(item, more[0], target, more[1])
    except EdgeEmoError as error:
        return {**Summary().as_dict(), "error": str(error), "fatal": True}
    except Exception as error:
        return {**Summary().as_dict(), "error": f"unexpected {type(error).__name__}: {error}"}
    return result


if __name__ == "__main__":
    main()
