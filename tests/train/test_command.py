"""`edge-emo train`: from a folder of faces to a model, resumable, with clear refusals."""

import csv
import json

import pytest

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from edge.cli import main

FAST = ["--set", "batch_size=16", "--set", "warmup_epochs=0"]


def train(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["train", *map(str, arguments)])
    return ended.value.code


def history(run):
    with (run / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_without_options_it_lists_the_architectures_and_the_data_it_needs(capsys):
    assert train() == 0
    out = capsys.readouterr().out
    assert "paper-c" in out
    assert "4.48 M" in out
    assert "train/ and test/" in out


def test_a_run_leaves_model_history_recipe_and_report(labelled_folder, tmp_path, capsys):
    run = tmp_path / "run"
    options = ["--data", labelled_folder, "--arch", "edge-s", "--out", run, *FAST]
    assert train(*options, "--set", "epochs=2") == 0
    said = capsys.readouterr()
    assert "epoch 2/2" in said.err
    assert "surprise" in said.out
    assert len(history(run)) == 2
    report = json.loads((run / "report.json").read_text())
    assert report["epochs"] == 2
    assert report["data"]["skipped"] == []
    assert report["validation"]["faces"] == sum(map(sum, report["validation"]["confusion"]))
    assert (run / "model.keras").stat().st_size > 1e6
    assert not list(run.glob(".part-*"))


def test_a_resumed_run_ends_as_an_uninterrupted_one(labelled_folder, tmp_path, monkeypatch):
    options = ["--data", labelled_folder, "--arch", "edge-s", *FAST, "--set", "epochs=3"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert train(*options, "--out", whole) == 0

    # Ctrl-C in the third epoch, after the second one's checkpoint.
    from train import training

    set_rate = training.learning_rate

    def interrupt(recipe, epoch, losses):
        if len(losses) == 2:
            raise KeyboardInterrupt
        return set_rate(recipe, epoch, losses)

    with monkeypatch.context() as patch:
        patch.setattr(training, "learning_rate", interrupt)
        assert train(*options, "--out", cut) == 0
    assert len(history(cut)) == 2
    assert not (cut / "model.keras").exists()

    assert train(*options, "--out", cut, "--resume") == 0
    for before, after in zip(history(whole), history(cut), strict=True):
        for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
            assert float(before[name]) == pytest.approx(float(after[name]), rel=1e-4), name


def test_it_does_not_overwrite_a_run(labelled_folder, tmp_path, capsys):
    run = tmp_path / "run"
    options = ["--data", labelled_folder, "--arch", "edge-s", "--out", run, *FAST]
    assert train(*options, "--set", "epochs=1") == 0
    assert train(*options, "--set", "epochs=1") == 1
    assert "add --resume" in capsys.readouterr().err
    assert train(*options, "--set", "epochs=5", "--resume") == 1
    assert "other data, architecture or recipe" in capsys.readouterr().err


def test_data_that_cannot_be_used_is_refused_in_one_line(labelled_folder, tmp_path, capsys):
    (labelled_folder / "train" / "bored").mkdir()
    assert train("--data", labelled_folder, "--arch", "edge-s", "--out", tmp_path / "run") == 1
    err = capsys.readouterr().err
    assert "'bored' is not an emotion" in err
    assert err.count("\n") == 1
    assert train("--data", tmp_path / "nowhere", "--arch", "edge-s") == 1
    assert "no such folder" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_unknown_architecture_is_wrong_usage(labelled_folder, capsys):
    assert train("--data", labelled_folder, "--arch", "resnet") == 2
    assert "none of paper-c, edge-s" in capsys.readouterr().err
