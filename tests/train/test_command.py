"""`edge-emo train`: from labelled faces to a model, resumable, with clear refusals."""

import contextlib
import csv
import io
import json
import os
import shutil
import signal

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from small_network import PROGRAM

from edge.cli import main

# The pictures of `finished_once`, which are drawn before a test's own fixtures, are looked at.
pytestmark = pytest.mark.usefixtures("small", "undrawn")
FAST = ["--set", "batch_size=16", "--set", "warmup_epochs=0"]
SAME = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
# A process of this Python is killed at the end of its second epoch, which is in the history already
# and not yet in the checkpoint.
KILLED = (
    """
import os, signal
from train.learning import training
save = training.save_model
def save_once(model, file):
    if file.name == "last.keras" and file.exists():
        os.kill(os.getpid(), signal.SIGKILL)
    save(model, file)
training.save_model = save_once
"""
    + PROGRAM
)


def train(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["train", *map(str, arguments)])
    return ended.value.code


def history(run):
    with (run / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def assert_same_history(these, those):
    for before, after in zip(these, those, strict=True):
        for name in SAME:
            assert float(before[name]) == pytest.approx(float(after[name]), rel=1e-4), name


@pytest.fixture(scope="module")
def finished_once(small, labelled_folder_once, tmp_path_factory):
    """A finished training of two epochs, for tests that only read it; what it said lies beside."""
    run = tmp_path_factory.mktemp("finished") / "run"
    options = ["--data", labelled_folder_once, "--arch", "small", "--out", run, *FAST]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert train(*options, "--set", "epochs=2") == 0
    run.with_name("out.txt").write_text(out.getvalue())
    run.with_name("err.txt").write_text(err.getvalue())
    return run


@pytest.fixture
def finished(finished_once, tmp_path):
    """The same in a folder that a test may change."""
    return shutil.copytree(finished_once, tmp_path / "finished")


def test_without_options_it_lists_the_architectures_and_the_data_it_needs(capsys):
    assert train() == 0
    out = capsys.readouterr().out
    for said in ("paper-a", "paper-b", "paper-c", "4.48 M", "290.5 M", "697 kB", "fer2013.csv"):
        assert said in out
    assert train("--list") == 0
    assert capsys.readouterr().out == out


def test_a_run_leaves_model_history_recipe_and_report(finished_once):
    run = finished_once
    assert "epoch 2/2" in run.with_name("err.txt").read_text()
    assert "surprise" in run.with_name("out.txt").read_text()
    assert len(history(run)) == 2
    assert 0 <= float(history(run)[0]["waited"]) <= 1
    report = json.loads((run / "report.json").read_text())
    assert report["epochs"] == 2
    assert report["hyperparameters"]["batch_size"] == 16
    assert report["data"]["skipped"] == []
    assert report["validation"]["faces"] == sum(map(sum, report["validation"]["confusion"]))
    assert "batch_size = 16" in (run / "recipe.toml").read_text()
    assert json.loads((run / "environment.json").read_text())["backend"].startswith("tensorflow")
    assert (run / "report.html").stat().st_size > 10_000
    assert not list(run.glob(".part-*"))
    size = (run / "model.keras").stat().st_size
    assert size < 0.6 * (run / "last.keras").stat().st_size  # no optimizer's state in it


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals are needed")
def test_a_run_killed_in_its_midst_ends_as_an_uninterrupted_one(
    finished_once, python_process, labelled_folder_once, tmp_path
):
    options = ["--data", labelled_folder_once, "--arch", "small", *FAST, "--set", "epochs=2"]
    killed = tmp_path / "killed"
    ended = python_process(KILLED, "train", *options, "--out", killed)
    assert ended.status == -signal.SIGKILL, ended.err
    assert len(history(killed)) == 2
    assert (killed / "last.keras").exists()
    assert not (killed / "model.keras").exists()

    assert train("--resume", killed) == 0
    assert_same_history(history(finished_once), history(killed))


def test_resuming_a_finished_run_only_rewrites_its_report(finished):
    before = history(finished)
    (finished / "report.html").unlink()
    assert train("--resume", finished) == 0
    assert history(finished) == before
    assert (finished / "report.html").exists()


def test_a_student_learns_from_its_teacher(finished_once, labelled_folder_once, tmp_path, capsys):
    options = ["--data", labelled_folder_once, "--arch", "small", *FAST, "--set", "epochs=1"]
    student = tmp_path / "student"
    taught = [f"teacher={finished_once / 'model.keras'}", "teacher_share=1"]
    assert train(*options, "--out", student, *(f"--set={text}" for text in taught)) == 0
    assert history(student)[0]["loss"] != history(finished_once)[0]["loss"]
    size = (student / "model.keras").stat().st_size
    assert size == pytest.approx((finished_once / "model.keras").stat().st_size, rel=0.01)

    wrong = labelled_folder_once / "train" / "happy" / "0.png"
    capsys.readouterr()
    assert train(*options, "--out", tmp_path / "other", "--set", f"teacher={wrong}") == 1
    assert "cannot be read as a Keras model" in capsys.readouterr().err


def test_a_run_can_begin_with_the_weights_of_another(
    finished_once, labelled_folder_once, tmp_path, capsys
):
    second = tmp_path / "second"
    options = ["--data", labelled_folder_once, "--arch", "small", *FAST, "--set", "epochs=1"]
    start = f"start={finished_once / 'model.keras'}"
    begun = [start, "schedule=plateau", "learning_rate=1e-12"]
    assert train(*options, "--out", second, *(f"--set={text}" for text in begun)) == 0
    kernels = [
        keras.models.load_model(run / "model.keras").layers[-1].kernel.numpy()
        for run in (finished_once, second)
    ]
    np.testing.assert_allclose(*kernels, atol=1e-6)

    capsys.readouterr()
    options[3] = "edge-s"
    assert train(*options, "--out", tmp_path / "other", "--set", start) == 1
    assert "is another network than edge-s" in capsys.readouterr().err


def test_a_diverging_training_ends_with_what_to_do(labelled_folder, tmp_path, capsys):
    options = ["--data", labelled_folder, "--arch", "small", "--out", tmp_path / "run", *FAST]
    wild = ["optimizer=sgd", "schedule=plateau", "learning_rate=1e30", "epochs=3"]
    assert train(*options, *(f"--set={text}" for text in wild)) == 1
    assert "the training has diverged; try a smaller learning_rate" in capsys.readouterr().err


def test_it_does_not_overwrite_a_run(finished_once, labelled_folder_once, capsys):
    options = ["--data", labelled_folder_once, "--arch", "small", "--out", finished_once, *FAST]
    assert train(*options, "--set", "epochs=1") == 1
    assert f"go on with it by `edge-emo train --resume {finished_once}`" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="POSIX locks are needed")
def test_a_second_training_in_the_same_folder_is_refused(labelled_folder, tmp_path, capsys):
    from train.run_folder import alone_in

    run = tmp_path / "run"
    run.mkdir()
    arguments = ["--data", labelled_folder, "--arch", "small", "--out", run, *FAST]
    with alone_in(run):
        assert train(*arguments, "--set", "epochs=1") == 1
        assert "another training is at work there" in capsys.readouterr().err
        assert list(run.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="POSIX locks are needed")
def test_what_a_killed_training_left_half_written_is_removed(finished):
    from train.run_folder import alone_in

    left = finished / ".part-last-abc.keras"
    left.write_bytes(b"half")
    with alone_in(finished):
        assert not left.exists()
        assert (finished / "last.keras").exists()


def test_a_run_continues_only_with_its_own_settings(finished_once, tmp_path, capsys):
    assert train("--resume", finished_once, "--set", "epochs=5") == 2
    assert "leave out --set" in capsys.readouterr().err
    assert train("--resume", tmp_path / "nowhere") == 1
    assert "holds no training to resume" in capsys.readouterr().err


def test_a_run_continues_only_with_its_own_data(finished, labelled_folder, capsys):
    (labelled_folder / "train" / "happy" / "0.png").unlink()
    assert train("--resume", finished, "--data", labelled_folder) == 1
    assert "its data has changed since it began" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_refused(finished, capsys):
    with (finished / "last.keras").open("r+b") as file:
        file.truncate(1000)
    capsys.readouterr()
    assert train("--resume", finished) == 1
    err = capsys.readouterr().err
    assert "cannot resume" in err
    assert "Traceback" not in err


def test_faces_of_the_test_can_be_left_out_of_training(labelled_folder, tmp_path, capsys):
    copied = (labelled_folder / "test" / "happy" / "0.png").read_bytes()
    (labelled_folder / "train" / "sad" / "copy.png").write_bytes(copied)
    options = ["--data", labelled_folder, "--arch", "small", *FAST, "--set", "epochs=1"]
    assert train(*options, "--out", tmp_path / "all") == 0
    assert "--drop-duplicates leaves them out" in capsys.readouterr().err
    assert train(*options, "--out", tmp_path / "fewer", "--drop-duplicates") == 0
    reports = [json.loads((tmp_path / n / "report.json").read_text()) for n in ("all", "fewer")]
    kept, fewer = (report["data"]["training"]["sad"] for report in reports)
    assert fewer < kept


def test_data_that_cannot_be_used_is_refused_in_one_line(labelled_folder, tmp_path, capsys):
    (labelled_folder / "train" / "bored").mkdir()
    assert train("--data", labelled_folder, "--arch", "small", "--out", tmp_path / "run") == 1
    err = capsys.readouterr().err
    assert "'bored' is not an emotion" in err
    assert err.count("\n") == 1
    assert train("--data", tmp_path / "nowhere", "--arch", "small") == 1
    assert not (tmp_path / "run").exists()


def test_an_unknown_architecture_is_wrong_usage(labelled_folder, capsys):
    assert train("--data", labelled_folder, "--arch", "resnet") == 2
    assert "not one of paper-a, paper-b, paper-c" in capsys.readouterr().err
