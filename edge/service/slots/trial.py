"""Try a new model in the cameras' services, and go back to the old one unless it proves itself."""

import contextlib
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ...inference.model_file import ACTIVE
from ...inference.slots import FOLDER, read_state, slot_file
from ...support.atomic import read_toml
from ...support.errors import ServiceError
from ..system import CONFIG, Say, systemd_runs
from . import store

WATCHED_S = 60.0
CHECK_S = 300.0  # for 'models check'
READY_S = 150.0  # as the unit's TimeoutStartSec
STARTS = 2  # so many failed starts are enough
LEAST_FPS = 0.5
SHARE = 0.5  # of the frames a second before; less is too slow
MEASURED_S = 6.0
JUDGE = "edge-emo-model-trial"  # the unit that holds a trial
_RATE = re.compile(r"([\d.]+) frames/s")


class Failed(Exception):  # noqa: N818 - no error of the program: a trial's outcome
    """The model has not proven itself; the message says why."""


@dataclass(frozen=True)
class Service:
    """How a camera's service is, as systemd knows it."""

    name: str
    active: bool
    restarts: int
    status: str

    @property
    def rate(self) -> float | None:
        """Frames a second, where frames flow."""
        found = _RATE.search(self.status)
        return float(found[1]) if found else None


def ask(unit: str) -> Service:
    """Ask systemd about a unit."""
    names = ("ActiveState", "NRestarts", "StatusText")
    asked = ["systemctl", "show", unit, *(f"--property={name}" for name in names)]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False).stdout
    values = dict(line.partition("=")[::2] for line in said.splitlines())
    return Service(
        unit,
        values.get("ActiveState") == "active",
        int(values.get("NRestarts") or 0),
        values.get("StatusText", ""),
    )


def running_units() -> list[str]:
    """Return the cameras' services that run now."""
    if not systemd_runs() or not shutil.which("systemctl"):
        return []
    asked = ["systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating"]
    done = subprocess.run([*asked, "edge-emo@*"], capture_output=True, text=True, check=False)
    return sorted(line.split()[0] for line in done.stdout.splitlines() if line.strip())


def uses_active(unit: str) -> bool:
    """Return whether a camera's settings take the model that is active here."""
    name = unit.removeprefix("edge-emo@").removesuffix(".service")
    try:
        said = read_toml(CONFIG / f"{name}.toml")
    except (OSError, ValueError):
        return False
    return said.get("model") == ACTIVE


def measure(units: list[str], seconds: float = MEASURED_S) -> dict[str, float]:
    """Return the frames a second of each service, the mean of some seconds; 0 where none flow."""
    rates: dict[str, list[float]] = {unit: [] for unit in units}
    end_s = time.monotonic() + seconds
    while units and time.monotonic() < end_s:
        for unit in units:
            rates[unit].append(ask(unit).rate or 0.0)
        time.sleep(1)
    return {unit: sum(r) / len(r) if r else 0.0 for unit, r in rates.items()}


def floors(units: list[str], min_fps: float | None) -> dict[str, float]:
    """Return the least frames a second of each service: what is asked for, or half of what it gives."""
    if min_fps is not None:
        return dict.fromkeys(units, min_fps)
    return {unit: max(LEAST_FPS, SHARE * rate) for unit, rate in measure(units).items()}


def hold(
    units: list[str],
    floors: dict[str, float],
    say: Say,
    watched_s: float = WATCHED_S,
    folder: Path = FOLDER,
) -> None:
    """Judge the model on trial, and keep it or go back, in the state and in the services.

    Args:
        units: the services that use it.
        floors: the least frames a second of each, over the whole time it is watched.
    """
    trial = store.judge(folder)
    if trial is None:
        return
    if trial.judged:
        _go_back(units, "the trial was interrupted", say, folder)
        return
    try:
        _check(slot_file(trial.slot, folder))
        restart(units)
        _wait_until_ready(units)
        _watch(units, floors, watched_s)
    except Failed as why:
        _go_back(units, str(why), say, folder)
    except BaseException as error:
        _go_back(units, f"the trial was broken off: {error or type(error).__name__}", say, folder)
        raise
    else:
        what = f"it ran for {watched_s:.0f} s in {len(units)} services" if units else "checked only"
        store.end_trial(True, what, folder)


def _go_back(units: list[str], reason: str, say: Say, folder: Path) -> None:
    store.end_trial(False, reason, folder)
    say(f"rolled back: {reason}")
    restart(units)


def _check(file: Path) -> None:
    """Run `models check` in a process of its own: a bad model may end the one that loads it."""
    command = [sys.executable, "-m", "edge", "models", "check", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_S, check=False)
    except subprocess.TimeoutExpired:
        raise Failed("'models check' did not end") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else f"'models check' ended with {done.returncode}"
        raise Failed(why.removeprefix("edge-emo: error: "))


def restart(units: list[str]) -> None:
    """Restart services and wait for their first start, whatever comes of it."""
    if units:
        _systemctl("reset-failed", *units)  # counts restarts from 0
        _systemctl("restart", *units)


def _systemctl(*arguments: str) -> None:
    command = ["systemctl", *arguments]
    with contextlib.suppress(
        subprocess.TimeoutExpired
    ):  # what became of it is looked at afterwards
        subprocess.run(command, capture_output=True, timeout=READY_S, check=False)


def _wait_until_ready(units: list[str]) -> None:
    waiting, end_s = set(units), time.monotonic() + READY_S
    while waiting:
        for unit in sorted(waiting):
            service = ask(unit)
            _check_starts(service)
            if service.active:
                waiting.discard(unit)
        if time.monotonic() > end_s:
            raise Failed(f"{', '.join(sorted(waiting))} was not ready within {READY_S:.0f} s")
        time.sleep(0.5)


def _watch(units: list[str], floors: dict[str, float], watched_s: float) -> None:
    """Watch the services; a restart may fail once, the frame rate as a mean."""
    rates: dict[str, list[float]] = {unit: [] for unit in units}
    end_s = time.monotonic() + watched_s if units else 0.0
    while time.monotonic() < end_s:
        for unit in units:
            service = ask(unit)
            _check_starts(service)
            rates[unit].append(service.rate or 0.0)
        time.sleep(1)
    for unit in units:
        mean = sum(rates[unit]) / len(rates[unit])
        if mean < floors[unit]:
            last = ask(unit).status
            raise Failed(
                f"{unit} gave {mean:.1f} frames a second, and {floors[unit]:.1f} is the least "
                f"(it says: {last or 'nothing'})"
            )


def _check_starts(service: Service) -> None:
    if service.restarts >= STARTS:
        raise Failed(
            f"{service.name} failed {service.restarts} starts ({service.status or 'no word'})"
        )


def hold_in_a_unit(floors: dict[str, float], folder: Path = FOLDER) -> None:
    """Have systemd hold the trial, which then goes on, or back, whatever becomes of this process.

    Returns once the services run with the model that stays.

    Raises:
        ServiceError: it cannot be started, or does not end.
    """
    _wait_for_judge()
    said = [f"--floor={unit}={floor}" for unit, floor in floors.items()]
    command = ["systemd-run", "--quiet", "--collect", f"--unit={JUDGE}"]
    command += ["--property=Restart=on-abnormal", "--property=RestartSec=1"]
    command += [sys.executable, "-m", "edge", "models", "trial", *said]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        store.end_trial(False, "the trial could not be started", folder)
        raise ServiceError(f"the trial cannot be started: {done.stderr.strip()}")
    end_s = time.monotonic() + 2 * READY_S + CHECK_S + WATCHED_S + 60
    while read_state(folder).trial is not None:
        if time.monotonic() > end_s:
            raise ServiceError(f"the trial does not end; see 'journalctl -u {JUDGE}'")
        time.sleep(0.5)
    _wait_for_judge()


def _wait_for_judge() -> None:
    """Wait for the end of a unit that holds a trial: having decided, it still restarts the services."""
    asked = ["systemctl", "show", JUDGE, "--property=ActiveState", "--value"]
    end_s = time.monotonic() + 2 * READY_S
    while time.monotonic() < end_s:
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if said not in ("active", "activating", "deactivating"):
            return
        time.sleep(0.5)
