"""Checks of the board: heat, power, processor clock, disk and time."""

import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from ..support.machine import temperatures_c, throttled_flags, throttled_report
from .finding import FAIL, OK, WARN, Results, read_text

LEAST_FREE_MB = 500
HOT_C, WARM_C = 80.0, 70.0  # a Raspberry Pi slows down from 80 on
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)  # a clock before that has not been set


def temperature() -> Results:
    measured = temperatures_c()
    if not measured:
        yield OK, "this machine reports none", ""
        return
    hottest = max(measured)
    state = FAIL if hottest >= HOT_C else WARN if hottest >= WARM_C else OK
    yield state, f"{hottest:.0f} °C", "" if state == OK else "give it a heat sink or a fan"


SUPPLY = "use the board's own power supply and a short, thick cable"
_FLAGS = {
    0: (FAIL, "under-voltage now"),
    1: (WARN, "frequency capped now"),
    2: (FAIL, "throttled now"),
    3: (WARN, "near the temperature limit now"),
    16: (WARN, "under-voltage since it started"),
    17: (WARN, "frequency was capped since it started"),
    18: (WARN, "was throttled since it started"),
    19: (WARN, "was near the temperature limit since it started"),
}


def power() -> Results:
    report = throttled_report()
    if report is None:
        yield OK, "not a Raspberry Pi, or without vcgencmd", ""
    elif (flags := throttled_flags(report)) is None:
        yield WARN, f"vcgencmd says '{report}'", "add yourself to the group video"
    elif not flags:
        yield OK, "enough power, not throttled", ""
    else:
        for bit, (state, said) in _FLAGS.items():
            if flags >> bit & 1:
                yield state, said, SUPPLY if bit % 16 == 0 else "cool it"


def governor() -> Results:
    governors = {
        read_text(p).strip()
        for p in Path("/sys/devices/system/cpu").glob("cpu*/cpufreq/scaling_governor")
    }
    if not governors:
        yield OK, "this machine reports none", ""
    elif "powersave" in governors:
        yield (
            WARN,
            "powersave",
            "echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
        )
    else:
        yield OK, ", ".join(sorted(governors)), ""


def disk() -> Results:
    for place in dict.fromkeys((Path.cwd(), Path("/var/lib/edge-emo"))):
        try:
            free_mb = shutil.disk_usage(place).free / 1e6
        except OSError:
            continue
        said = f"{free_mb:.0f} MB free at {place}"
        if free_mb < LEAST_FREE_MB:
            yield WARN, said, "make room; 'jsonl_total_mb' bounds what edge-emo keeps"
        else:
            yield OK, said, ""


def _zone() -> str:
    """Return the zone of local time, where that is another."""
    zone = time.tzname[0]
    return "" if zone in ("UTC", "Universal", "Zulu") else f", local time in {zone}"


def clock() -> Results:
    now = datetime.now(UTC)
    if now < EARLIEST:
        yield (
            FAIL,
            f"{now:%Y-%m-%d %H:%M} UTC is not the present time",
            "let it reach a time server, or 'sudo date -s'",
        )
        return
    synchronized = Path("/run/systemd/timesync/synchronized").exists() or _ntp_runs()
    said = f"{now:%Y-%m-%d %H:%M} UTC{_zone()}"
    if synchronized:
        yield OK, f"{said}, synchronised", ""
    else:
        yield WARN, f"{said}, not known to be synchronised", "sudo timedatectl set-ntp true"


def _ntp_runs() -> bool:
    if not shutil.which("timedatectl"):
        return False
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return done.stdout.strip() == "yes"
