"""What is installed on which machine, and what travels in the wheel."""

import configparser
import re
import shutil
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
MACHINES = {
    "desktop": {"platform_system": "Linux", "platform_machine": "x86_64"},
    "windows": {"platform_system": "Windows", "platform_machine": "AMD64"},
    "mac": {"platform_system": "Darwin", "platform_machine": "arm64"},
    "pi64": {"platform_system": "Linux", "platform_machine": "aarch64"},
    "pi32": {"platform_system": "Linux", "platform_machine": "armv7l"},
}


def setup_cfg():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def requirements(machine):
    """Return name -> requirement of what a plain install takes on a machine."""
    environment = {**default_environment(), **MACHINES[machine]}
    lines = setup_cfg()["options"]["install_requires"].splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {r.name: r for r in wanted if r.marker is None or r.marker.evaluate(environment)}


@pytest.mark.parametrize("machine", ["desktop", "windows", "mac"])
def test_desktops_get_the_opencv_with_windows(machine):
    assert "opencv-python" in requirements(machine)
    assert "opencv-python-headless" not in requirements(machine)


@pytest.mark.parametrize("machine", ["pi64", "pi32"])
def test_arm_boards_get_the_headless_opencv_alone(machine):
    assert "opencv-python-headless" in requirements(machine)
    assert "opencv-python" not in requirements(machine)


@pytest.mark.parametrize("machine", MACHINES)
def test_opencv_stays_below_5_which_has_no_cascades(machine):
    opencv = next(r for name, r in requirements(machine).items() if name.startswith("opencv"))
    assert opencv.specifier.contains("4.14.0.94")
    assert not opencv.specifier.contains("5.0.0")


def test_only_32_bit_arm_gets_tflite_runtime_and_with_it_numpy_1():
    for machine in MACHINES:
        wanted = requirements(machine)
        assert ("tflite-runtime" in wanted) == (machine == "pi32")
        assert ("ai-edge-litert" in wanted) == (machine != "pi32")
        assert wanted["numpy"].specifier.contains("2.2.0") == (machine != "pi32")


def test_the_runtime_needs_no_training_packages():
    for machine in MACHINES:
        assert not {"tensorflow", "keras", "matplotlib"} & set(requirements(machine))


def test_every_requirement_is_bounded_above():
    sections = setup_cfg()
    lines = sections["options"]["install_requires"].splitlines()
    for extra in sections["options.extras_require"].values():
        lines += extra.splitlines()
    for line in lines:
        if line and not line.startswith("#") and not line.startswith("edge-emo["):
            assert re.search("<", line.partition(";")[0]), line


def test_models_are_found_where_a_checkout_hides_the_installed_package(python_process):
    """As in a clone after `pip install .`: Python finds the checkout's `edge` first."""
    hidden = (
        "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f)]\n"
    )
    code = hidden + "from edge.inference.model_file import read_model, find_model\n"
    code += "from edge.service.system import data\n"
    code += "print(read_model(find_model(None)).name, len(data('edge-emo@.service')) > 0)"
    ended = python_process(code, cwd=ROOT)
    assert (ended.status, ended.out) == (0, "edge-s True\n"), ended.err


def test_sources_detectors_and_outputs_are_entry_points_that_load():
    for group in ("edge_emo.sources", "edge_emo.detectors", "edge_emo.outputs"):
        points = [p for p in entry_points(group=group) if p.value.startswith("edge.")]
        assert points
        for point in points:
            point.load()


def test_the_wheel_holds_models_portraits_and_recipes(tmp_path):
    build = pytest.importorskip("build", reason="the build package is not installed (extra 'test')")
    # From a copy: setuptools leaves its working files beside the source.
    source = tmp_path / "source"
    left = shutil.ignore_patterns(".git", ".venv*", "build", "*.egg-info", "runs", "demo-output")
    shutil.copytree(ROOT, source, ignore=left)
    wheel = build.ProjectBuilder(source).build("wheel", tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for name in (
        "edge/models/edge-s.tflite",
        "edge/sources/portraits/astronaut.jpg",
        "edge/sources/portraits/PROVENANCE.md",
        "train/recipes/edge.toml",
        "edge/outputs/page/static/page.js",
        "edge/outputs/monitoring/alerts.yml",
        "edge/systemd/edge-emo-page.socket",
    ):
        assert name in names
    assert not [
        n for n in names if n.startswith(("tests", "models", "systemd")) or n.endswith(".keras")
    ]
