"""The `Recognizer` that users import: one image, one source, or many files at once."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.live.recognizer import Recognizer as _Recognizer
from edge.support.errors import ConfigError

if TYPE_CHECKING:
    from edge.batch.job import BatchResult


class Recognizer(_Recognizer):
    __doc__ = _Recognizer.__doc__

    def batch(
        self,
        paths: "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]",
        out: str | os.PathLike[str] = "batch",
        *,
        jobs: int | None = None,
        format: str = "csv",
        restart: bool = False,
        retry: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> "BatchResult":
        """Analyse videos and images in worker processes, and write tables of faces and files.

        A second call with the same arguments goes on where the first was ended, and does nothing
        twice. Memory stays flat, whatever the number of frames: results are files.

        Args:
            paths: files and folders, which are searched to their depths.
            out: the folder of results: `faces.csv`, `files.csv`, and each input's records.
            jobs: worker processes; one for each core if None. Each uses one thread.
            format: of the tables, "csv" or "parquet".
            restart: analyse everything again.
            retry: analyse again what failed.
            progress: called with bytes of input done, and in all.

        Returns:
            The result: `files` (a row for each input, with `error`), `failed`, `records()`, and the
            tables' paths.

        Raises:
            SourceError: there is neither a video nor an image.
            BatchError: `out` holds results of other settings, or is in use.
            ConfigError: the detector is an object, which cannot be given to other processes.
        """
        from edge.batch.job import run_batch
        from edge.batch.options import BatchOptions

        if self.detector_name is None:
            raise ConfigError("detector: a batch needs a registered name, not an object")
        options = BatchOptions(
            model=str(self.model.path),
            detector=self.detector_name,
            min_face=self.min_face,
            search_every=self.search_every,
            expect=self.expect,
            unsure_below=self.unsure_below,
            interpreter=self.runtime.interpreter,
            delegate=self.runtime.delegate,
        )
        given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
        return run_batch(
            [Path(path) for path in given],
            Path(out),
            options,
            jobs=jobs,
            kind=format,
            restart=restart,
            retry=retry,
            progress=progress or (lambda done, total: None),
        )
