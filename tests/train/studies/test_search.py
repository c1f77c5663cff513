"""`python -m train.studies.search`: variants trained one after the other, compared in one table."""

import json
import runpy
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.support.errors import ConfigError

pytest.importorskip("keras", reason="keras is not installed (extra 'train')")

from train.architectures import ARCHITECTURES
from train.studies.search import __file__ as search_module
from train.studies.search import main, read_variants

VARIANTS = """
[[variant]]
name = "plain"
arch = "small"
set = { augment = false }

[[variant]]
name = "without copies"
arch = "small"
drop_duplicates = true
"""


def search(folder, data):
    file = folder / "variants.toml"
    file.write_text(VARIANTS)
    options = [str(file), "--data", str(data), "--runs", str(folder / "runs"), "--set", "epochs=1"]
    ended = CliRunner().invoke(main, options, catch_exceptions=False)
    assert ended.exit_code == 0
    return ended.stdout


@pytest.mark.usefixtures("small", "undrawn")
def test_every_variant_is_trained_once_and_listed_in_the_table(tmp_path, labelled_folder_once):
    table = search(tmp_path, labelled_folder_once)
    rows = json.loads((tmp_path / "runs" / "search.json").read_text())
    assert [row["variant"] for row in rows] == ["plain", "without copies"]
    for row in rows:
        assert f"| {row['variant']} | {100 * row['accuracy']:.1f} % |" in table
        assert row["ferplus"] is None  # folders have no votes
        assert row["epochs"] == 1  # as --set says for all of them
        assert 0 <= row["corrupted"] <= 1
    written = (tmp_path / "runs" / "plain" / "model.keras").stat().st_mtime_ns
    assert search(tmp_path, labelled_folder_once) == table
    assert (tmp_path / "runs" / "plain" / "model.keras").stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read as a list"),
        ("variant = 3", "cannot be read as a list"),
        ('[[variant]]\nname = "x"', "needs a name and an arch"),
        ('[[variant]]\nname = "x"\narch = "vgg"', "needs a name and an arch"),
        ('[[variant]]\nname = "x"\narch = "edge-s"\nlabels = "fer"', "labels: known are"),
        ('[[variant]]\nname = "x"\narch = "edge-s"\nset = {depth = 3}', "depth: no such"),
    ],
)
def test_a_file_that_describes_no_variants_is_refused(tmp_path, text, said):
    file = tmp_path / "variants.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_variants(file, Path("data"))


def test_the_included_searches_are_valid():
    files = list(Path(search_module).with_name("searches").glob("*.toml"))
    assert files
    for file in files:
        for variant in read_variants(file, Path("data")):
            assert variant.plan.architecture in ARCHITECTURES


def test_an_error_is_reported_in_one_line(tmp_path, monkeypatch, capfd):
    command = ["search.py", "none.toml", "--data", ".", "--runs", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.delitem(sys.modules, "train.studies.search")
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("train.studies.search", run_name="__main__")
    assert ended.value.code == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        "edge-emo: error: none.toml: No such file or directory; "
        "give a TOML file like train/studies/searches/edge-s.toml\n"
    )
