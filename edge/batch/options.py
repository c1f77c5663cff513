"""What a batch does with each input, and how its results are recognised as made alike."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from .. import __version__
from ..inference.model_file import find_model, read_model
from ..inference.runtime import Runtime
from ..live.recognizer import Recognizer
from ..live.settings import RunConfig


@dataclass(frozen=True)
class BatchOptions:
    """How each input is analysed; the names and meanings are those of `edge-emo run`."""

    model: str | None = None
    detector: str = RunConfig.detector
    min_face: float | None = RunConfig.min_face
    search_every: float = RunConfig.search_every
    expect: str | None = RunConfig.expect
    unsure_below: float = RunConfig.unsure_below
    interpreter: str | None = None
    delegate: str | None = None

    def recognizer(self) -> Recognizer:
        """Return what analyses, on one thread. Raises: EdgeEmoError, as `Recognizer` does."""
        return Recognizer(
            self.model,
            detector=self.detector,
            min_face=self.min_face,
            search_every=self.search_every,
            expect=self.expect,
            unsure_below=self.unsure_below,
            runtime=Runtime(self.interpreter, 1, self.delegate),
        )

    def identity(self) -> dict[str, Any]:
        """Return all that results depend on besides the inputs. Raises: ModelError."""
        model = read_model(find_model(self.model))
        settings = {name: value for name, value in asdict(self).items() if name != "model"}
        if self.expect and Path(self.expect).is_file():
            settings["expect_sha256"] = sha256(Path(self.expect).read_bytes()).hexdigest()
        return {
            "version": __version__,
            "model": model.name,
            "model_sha256": model.about["sha256"],
            "settings": settings,
        }
