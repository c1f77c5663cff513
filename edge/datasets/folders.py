"""A folder per emotion, under a folder per split or alone: FER-2013 as Kaggle has it, and others."""

from collections.abc import Callable
from pathlib import Path

from ..crop import resize_gray, to_gray
from ..errors import DatasetError
from ..imagefile import IMAGE_SUFFIXES, read_image
from ..labels import EMOTIONS, emotion_index
from .faces import Collector, LabelledFaces

_SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "publictest": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
}


def find(data: Path) -> dict[str, Path]:
    """Return the folder of each split: `train`, `test`, `validation`, or only `all`.

    Raises:
        DatasetError: `data` is no folder, or holds neither splits nor emotions.
    """
    if not data.is_dir():
        raise DatasetError(
            f"{data}: no such folder; give the one that holds train/ and test/, or fer2013.csv"
        )
    if (data / "images").is_dir():
        data = data / "images"
    inside = _folders(data)
    splits = {_SPLITS[f.name.lower()]: f for f in inside if f.name.lower() in _SPLITS}
    if splits:
        return splits
    if not inside:
        raise DatasetError(
            f"{data}: holds no folders; expected train/ and test/, or one folder per emotion "
            f"({', '.join(EMOTIONS)}), or fer2013.csv"
        )
    return {"all": data}


def load(
    split: str,
    root: Path,
    size: tuple[int, int],
    progress: Callable[[int, int], None] | None,
) -> LabelledFaces:
    """Read the folders of emotions in `root`. Raises: DatasetError for a folder of another name."""
    files = []
    for folder in _folders(root):
        try:
            label = emotion_index(folder.name)
        except DatasetError as error:
            raise DatasetError(f"{folder}: {error}") from None
        names = sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        files += [(path, label) for path in names]
    gathered = Collector(split, len(files), size, progress)
    for path, label in files:
        image = read_image(path)
        name = str(path.relative_to(root.parent))
        if image is None:
            gathered.skip(name)
        else:
            gathered.keep(resize_gray(to_gray(image), size), label, name)
    return gathered.faces()


def _folders(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
