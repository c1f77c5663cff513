"""Hyperparameters of a training run, read from the TOML files in `recipes/`."""

import dataclasses
import math
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import tomli_w

from edge.support.errors import ConfigError

PLATEAU_FACTOR = 0.2  # the paper's Fig. 10
PLATEAU_PATIENCE = 3
_CHOICES = {
    "optimizer": ("adam", "adamw", "sgd"),
    "schedule": ("cosine", "plateau"),
    "keep": ("best", "last"),
    "labels": ("fer", "ferplus", "blend"),
    "compute": ("float32", "mixed_bfloat16"),
}
_SHARES = (
    *("label_smoothing", "weight_averaging", "teacher_share", "momentum"),
    *("logit_adjustment", "augment_strength", "camera"),
)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One training's hyperparameters; the comments in `recipes/*.toml` say what each does."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    momentum: float
    weight_decay: float
    schedule: str
    warmup_epochs: int
    early_stopping: int
    weight_averaging: float
    keep: str
    labels: str
    label_smoothing: float
    class_balance: float
    logit_adjustment: float
    augment: bool
    augment_strength: float
    camera: float
    start: str
    teacher: str
    teacher_share: float
    teacher_temperature: float
    compute: str
    seed: int
    views: int = 0
    roll: float = 0.0
    mixup: float = 0.0
    both_sides: bool = False

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(
                    f"{name}: '{getattr(self, name)}' is not one of {', '.join(allowed)}"
                )
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: {getattr(self, name)} is below 1")
        for name in ("learning_rate", "teacher_temperature"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(f"{name}: {getattr(self, name)} is not above 0")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name}: {getattr(self, name)} is not within 0 and 1")
        for name in (
            "weight_decay",
            "warmup_epochs",
            "early_stopping",
            "class_balance",
            "seed",
            "views",
            "mixup",
        ):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name}: {getattr(self, name)} is below 0")
        if not 0 <= self.roll <= 180:
            raise ConfigError(f"roll: {self.roll} is not within 0 and 180 degrees")
        if self.views and self.teacher and self.teacher_temperature != 1:
            raise ConfigError(
                f"teacher_temperature: {self.teacher_temperature} cannot go with views: kept answers "
                "are learnt from as they are; set it to 1"
            )

        if self.both_sides and not (self.views and self.teacher):
            raise ConfigError(
                "both_sides: only a teacher with views has it; set both, or leave it out"
            )

    def to_toml(self) -> str:
        """Return the recipe as TOML text."""
        return tomli_w.dumps(dataclasses.asdict(self))


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with edge-emo."""
    files = resources.files(__package__).joinpath("recipes").iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml"))


def load_recipe(name: str, overrides: Mapping[str, str] | None = None) -> Recipe:
    """Return the recipe `name`, with `overrides` (field -> text) put in.

    Raises:
        ConfigError: no such recipe or field, or a value of the wrong kind.
    """
    if name not in recipe_names():
        raise ConfigError(f"recipe: '{name}' is not one of {', '.join(recipe_names())}")
    text = resources.files(__package__).joinpath("recipes", f"{name}.toml").read_text()
    return parse_recipe(text, overrides)


def parse_recipe(text: str, overrides: Mapping[str, str] | None = None) -> Recipe:
    """Return the recipe that TOML `text` holds, with `overrides` put in. Raises: ConfigError."""
    fields = {f.name: f.type for f in dataclasses.fields(Recipe)}
    values: dict[str, Any] = tomllib.loads(text)
    for key, value in (overrides or {}).items():
        if key not in fields:
            raise ConfigError(f"{key}: no such hyperparameter; there are {', '.join(fields)}")
        values[key] = _parse(key, value, fields[key])
    try:
        return Recipe(**values)
    except TypeError as error:
        raise ConfigError(f"recipe: {error}") from None


def plateau_rate(recipe: Recipe, val_losses: Sequence[float]) -> float:
    """Return the rate after epochs with these val_losses, as Keras' ReduceLROnPlateau has it."""
    rate, best, waited = recipe.learning_rate, math.inf, 0
    for loss in val_losses:
        if loss < best:
            best, waited = loss, 0
        elif (waited := waited + 1) == PLATEAU_PATIENCE:
            rate, waited = rate * PLATEAU_FACTOR, 0
    return rate


def should_stop(recipe: Recipe, val_losses: Sequence[float]) -> bool:
    """Return whether early stopping ends the run after these epochs."""
    if not recipe.early_stopping or not val_losses:
        return False
    best = min(range(len(val_losses)), key=val_losses.__getitem__)
    return len(val_losses) - 1 - best >= recipe.early_stopping


def _parse(key: str, text: str, kind: Any) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError):
        raise ConfigError(f"{key}: '{text}' is not a valid {kind.__name__}") from None
