"""The training loop: stopped in any epoch and resumed, it ends as if it had never been stopped."""

import shutil

import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from small_network import SMALL

from train.learning.devices import Devices
from train.learning.training import Listener, finished_model, predict, train
from train.recipe import load_recipe

ONE = Devices(("CPU:0",))
FAST = {"batch_size": "16", "warmup_epochs": "1", "epochs": "3"}
SAME = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


RECIPES = {
    "cosine": {},
    "averaged": {"weight_averaging": "0.9"},
    "plateau": {"schedule": "plateau", "early_stopping": "1", "learning_rate": "0.1"},
    "sgd-bfloat16": {"optimizer": "sgd", "momentum": "0.9", "compute": "mixed_bfloat16"},
}


@pytest.fixture(scope="module")
def trained(labelled_faces):
    """Train with these changes to the edge recipe into this folder; return model and history.

    Options: the epoch in which it is stopped; where to keep a copy of the folder as it is after the
    first epoch, which is what a run leaves that is killed in its second.
    """

    def run(place, changes, stop_in_epoch=None, first_epoch=None):
        def step(epoch, step, steps):
            if (epoch, step) == (stop_in_epoch, 2):
                raise KeyboardInterrupt

        def end_of_epoch(row):
            if row["epoch"] == 1 and first_epoch:
                shutil.copytree(place, first_epoch)

        place.mkdir(exist_ok=True)
        recipe = load_recipe("edge", FAST | changes)
        listener = Listener(step, end_of_epoch)
        history = train(SMALL, recipe, labelled_faces, labelled_faces, place, ONE, listener)
        return finished_model(SMALL, recipe, place), history

    return run


@pytest.fixture(scope="module")
def uninterrupted(trained, tmp_path_factory):
    """Return the run of one of `RECIPES`, carried out once: its folder, model and history.

    Beside the folder `whole` lies `cut`, as a run leaves it that is killed in its second epoch.
    """
    runs = {}

    def run(name):
        if name not in runs:
            folder = tmp_path_factory.mktemp(name)
            whole = folder / "whole"
            runs[name] = whole, *trained(whole, RECIPES[name], first_epoch=folder / "cut")
        return runs[name]

    return run


@pytest.mark.parametrize("name", RECIPES)
def test_a_run_that_was_stopped_ends_as_an_uninterrupted_one(
    name, trained, uninterrupted, labelled_faces
):
    folder, whole, history = uninterrupted(name)
    resumed, again = trained(folder.with_name("cut"), RECIPES[name])
    assert [row["epoch"] for row in again] == [row["epoch"] for row in history]
    for before, after in zip(history, again, strict=True):
        for column in SAME:
            assert after[column] == pytest.approx(before[column], rel=1e-4), column
    scores, scores_again = predict(whole, labelled_faces), predict(resumed, labelled_faces)
    assert scores_again == pytest.approx(scores, abs=1e-3)


def test_a_run_that_is_stopped_within_an_epoch_leaves_the_epochs_before_it(trained, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "cut", {}, stop_in_epoch=2)
    assert len((tmp_path / "cut" / "history.csv").read_text().splitlines()) == 1 + 1
    names = {path.name for path in (tmp_path / "cut").iterdir()}
    assert names == {"history.csv", "best.keras", "last.keras"}


def test_the_cosine_warms_up_then_falls_to_zero(uninterrupted):
    _, _, history = uninterrupted("cosine")
    rates = [row["learning_rate"] for row in history]
    assert rates[0] == pytest.approx(load_recipe("edge").learning_rate, rel=0.05)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[0] / 10


def test_the_model_of_an_averaged_run_is_the_average(uninterrupted):
    folder, averaged, _ = uninterrupted("averaged")
    raw = keras.models.load_model(folder / "last.keras")
    kernels = [model.layers[2].kernel.numpy() for model in (averaged, raw)]
    assert abs(kernels[0] - kernels[1]).max() > 1e-5


def test_the_finished_model_computes_in_float32_whatever_it_was_trained_in(uninterrupted):
    _, model, _ = uninterrupted("sgd-bfloat16")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
