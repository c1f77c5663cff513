"""Recipes: read from TOML, overridden by name, and a learning rate that follows from history alone."""

import pytest

from edge.support.errors import ConfigError
from train.recipe import load_recipe, parse_recipe, plateau_rate, should_stop


def test_the_papers_recipe_is_its_figure_10():
    recipe = load_recipe("paper")
    assert (recipe.batch_size, recipe.epochs, recipe.optimizer) == (128, 48, "adam")
    assert (recipe.early_stopping, recipe.schedule, recipe.keep) == (3, "plateau", "best")
    assert not recipe.augment


def test_a_recipe_survives_being_written_and_read():
    recipe = load_recipe("edge", {"epochs": "7", "augment": "false", "learning_rate": "0.01"})
    assert parse_recipe(recipe.to_toml()) == recipe
    assert (recipe.epochs, recipe.augment, recipe.learning_rate) == (7, False, 0.01)


@pytest.mark.parametrize("path", ['say "x".keras', "C:\\runs\\a.keras", "läufe/ü.keras", "a\nb"])
def test_any_path_of_a_teacher_survives_being_written_and_read(path):
    recipe = load_recipe("edge", {"teacher": path})
    assert parse_recipe(recipe.to_toml()).teacher == path


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"epoch": "3"}, "epoch: no such hyperparameter"),
        ({"epochs": "many"}, "epochs: 'many' is not a valid int"),
        ({"epochs": "0"}, "epochs: 0 is below 1"),
        ({"optimizer": "lion"}, "optimizer: 'lion' is not one of adam, adamw, sgd"),
        ({"augment": "maybe"}, "augment: 'maybe' is not a valid bool"),
        ({"learning_rate": "-1"}, "learning_rate: -1.0 is not above 0"),
        ({"label_smoothing": "1.5"}, "label_smoothing: 1.5 is not within 0 and 1"),
        ({"warmup_epochs": "-2"}, "warmup_epochs: -2 is below 0"),
        ({"labels": "emotions"}, "labels: 'emotions' is not one of fer, ferplus, blend"),
    ],
)
def test_a_wrong_hyperparameter_is_refused_by_name(overrides, said):
    with pytest.raises(ConfigError, match=said):
        load_recipe("edge", overrides)


def test_an_unknown_recipe_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="'best' is not one of edge, paper"):
        load_recipe("best")


def test_the_plateau_cuts_the_rate_to_a_fifth_after_three_epochs_without_gain():
    recipe = load_recipe("paper")
    assert plateau_rate(recipe, [1.0, 1.1, 1.1]) == pytest.approx(0.001)
    assert plateau_rate(recipe, [1.0, 1.1, 1.1, 1.1]) == pytest.approx(0.0002)
    assert plateau_rate(recipe, [1.0, 1.1, 1.1, 0.9]) == pytest.approx(0.001)


def test_early_stopping_waits_its_patience():
    recipe = load_recipe("paper")
    assert not should_stop(recipe, [])
    assert not should_stop(recipe, [1.0, 1.1, 1.2])
    assert should_stop(recipe, [1.0, 1.1, 1.2, 1.3])
    assert not should_stop(load_recipe("edge"), [1.0, 2.0, 3.0, 4.0, 5.0])


def test_both_sides_of_a_face_are_for_teachers_with_views():
    with pytest.raises(ConfigError, match=r"^both_sides: only a teacher with views has it"):
        load_recipe("edge", {"both_sides": "true", "teacher": "face-m"})
