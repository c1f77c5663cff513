"""The faults that are injected into the service, each with what must come of it."""

import time

from machine import until
from service import CONFIG, PORT, STATE, UNIT, Service


class Faults(Service):
    """Each method breaks something, looks, repairs it, and returns what it saw."""

    def kill(self) -> str:
        before, pid = self.restarts(), self.pid()
        self.sh(f"kill -9 {pid}")
        until(lambda: self.active() and self.pid() != pid)
        self.grows()
        assert self.restarts() == before + 1
        return f"restarted by systemd, records whole, goes on ({self.counted()['records']})"

    def stop_signal(self) -> str:
        before, pid = self.restarts(), self.pid()
        self.sh(f"kill -STOP {pid}")
        started = time.monotonic()
        until(lambda: self.restarts() == before + 1, 120)
        took = time.monotonic() - started
        until(self.active)
        assert self.journal("Watchdog timeout")
        self.grows()
        return f"watchdog killed it and systemd restarted it {took:.0f} s later"

    def fault(self, break_it, repair, seconds: float, said: str) -> str:
        before, gaps = self.restarts(), len(self.counted()["gaps"])
        break_it()
        until(lambda: self.show("StatusText")[0].startswith("camera "), 60)
        state = self.show("StatusText")[0]
        time.sleep(seconds)
        repair()
        until(lambda: len(self.counted()["gaps"]) > gaps, 90, 1)
        self.grows()
        assert self.restarts() == before, "the service was restarted"
        gap = self.counted()["gaps"][-1]
        assert said in gap["reason"] + state, (gap, state)
        assert "secret" not in self.sh(f"cat {STATE}/faces.jsonl; journalctl -q -b -u {UNIT}")
        return f"not restarted; gap of {gap['seconds']:.0f} s: '{gap['reason']}'"

    def bad_settings(self) -> str:
        pid = self.pid()
        self.keep_settings()
        self.sh(f"echo 'min_face = 7' >> {CONFIG}")
        self.reread()
        assert self.journal("the settings are not taken, the old ones stay: min-face: 7")
        self.restore_settings()
        self.grows()
        assert self.pid() == pid
        return "refused with the setting's name, the old ones stay in force, same process"

    def hanging_output(self) -> str:
        """A pipe that nobody reads takes 64 kB; then writing to it never returns."""
        before = self.restarts()
        self.keep_settings()
        self.sh(f"mkfifo -m 666 {STATE}/pipe; sed -i 's/^jsonl = .*/jsonl = \"pipe\"/' {CONFIG}")
        self.sh(f"systemctl reload {UNIT}")
        started = time.monotonic()
        until(lambda: self.restarts() > before, 240, 1)
        took = time.monotonic() - started
        assert self.journal("Watchdog timeout")
        self.restore_settings()
        self.sh(f"systemctl restart {UNIT}; rm {STATE}/pipe")
        self.grows()
        return (
            f"watchdog killed it, systemd restarted it, {took:.0f} s after the pipe began to fill"
        )

    def full_disk(self) -> str:
        self.sh(f"systemctl stop {UNIT}")
        self.sh(f"mkdir -p {STATE}; mount -t tmpfs -o size=600k,mode=0777 none {STATE}")
        try:
            self.sh(f"systemctl start {UNIT}")
            before = self.restarts()
            self.sh(f"dd if=/dev/zero of={STATE}/filler bs=1k count=2000 2>/dev/null", True)
            until(lambda: self.journal("No space left"))
            time.sleep(3)
            assert self.active()
            assert "frames/s" in self.show("StatusText")[0]
            tail = self.sh(f"tail -c 1 {STATE}/faces.jsonl | od -An -c")
            assert tail == r"\n", f"torn: {tail}"
            self.sh(f"rm {STATE}/filler")
            until(lambda: self.journal("recording again"), 90)
            self.grows()
            assert self.restarts() == before
            return "warning, analysis went on, no torn line; recording again once there was room"
        finally:
            self.sh(f"systemctl stop {UNIT}; umount {STATE}; systemctl start {UNIT}")

    def full_at_start(self) -> str:
        self.sh(f"systemctl stop {UNIT}")
        self.sh(f"mount -t tmpfs -o size=600k,mode=0777 none {STATE}")
        try:
            self.sh(f"dd if=/dev/zero of={STATE}/filler bs=1k count=2000 2>/dev/null", True)
            self.sh(f"systemctl start {UNIT}")
            until(lambda: "frames/s" in self.show("StatusText")[0])
            self.sh(f"rm {STATE}/filler")
            self.grows()
            return "READY, analysing; recording once there was room"
        finally:
            self.sh(f"systemctl stop {UNIT}; umount {STATE}; systemctl start {UNIT}")

    def off_switch(self) -> str:
        gaps = len(self.counted()["gaps"])
        self.sh("touch /var/lib/edge-emo/off")
        until(lambda: "switched off" in self.show("StatusText")[0])
        until(
            lambda: (
                self.sh(f"ss -Htn state established '( dport = :{PORT} )' | wc -l", True)
                in ("0", "")
            )
        )
        time.sleep(3)
        assert self.active()
        self.sh("rm /var/lib/edge-emo/off")
        until(lambda: len(self.counted()["gaps"]) > gaps, 60, 1)
        return f"camera closed, service lives; on again: {self.counted()['gaps'][-1]}"

    def stop(self) -> str:
        self.grows()
        started = time.monotonic()
        self.sh(f"systemctl stop {UNIT}")
        took = time.monotonic() - started
        result, state = self.show("Result", "ActiveState")
        tail = self.sh(f"tail -c 1 {STATE}/faces.jsonl | od -An -c")
        assert (result, state, tail) == ("success", "inactive", r"\n"), (result, state, tail)
        assert took < 2, took
        return f"ended in {took:.1f} s, last record whole"

    def stop_while_silent(self) -> str:
        self.sh(f"systemctl start {UNIT}")
        self.mode("silent")
        time.sleep(2)
        started = time.monotonic()
        self.sh(f"systemctl stop {UNIT}")
        took = time.monotonic() - started
        self.mode("good")
        assert took < 2, took
        result = self.show("Result")[0]
        assert result == "success", result
        self.sh(f"systemctl start {UNIT}")
        return f"ended in {took:.1f} s"

    def reboot(self) -> str:
        records = self.counted()["records"]
        self.machine.shut_down()
        self.machine.boot()
        self.plug_in()
        until(self.active, 120)
        self.grows()
        assert self.counted()["records"] > records
        return f"started by itself, records went from {records} to {self.counted()['records']}"

    def power_loss(self) -> str:
        records = self.counted()["records"]
        self.machine.pull_the_plug()
        state = self.machine.root / STATE.lstrip("/") / "faces.jsonl"
        with state.open("r+b") as file:  # what a disk leaves that lost power within a write
            file.seek(0, 2)
            file.truncate(file.tell() - 25)
        self.machine.boot()
        self.plug_in()
        until(self.active, 120)
        self.grows()
        self.sh(f"systemctl stop {UNIT}")
        now = self.counted()["records"]
        whole = int(self.sh(f"cat {STATE}/faces*.jsonl | wc -l"))
        self.sh(f"systemctl start {UNIT}")
        assert whole - now == 1, (whole, now)
        return f"one torn record skipped by the reader, {records} before and {now} now"

    def camera_late(self) -> str:
        self.sh(f"systemctl stop {UNIT}")
        self.unplug()
        self.sh(f"systemctl start --no-block {UNIT}")
        time.sleep(25)
        state, status, restarts = self.show("ActiveState", "StatusText", "NRestarts")
        assert (state, restarts) == ("activating", "0"), (state, restarts)
        said = self.sh(f"journalctl -q -b -o cat -u {UNIT} | grep -c 'trying to reopen it'")
        self.plug_in()
        until(self.active, 60)
        self.grows()
        gap = self.counted()["gaps"][-1]
        return f"'{status}' for 25 s, {said} line(s) said of it in all; then READY, gap of {gap['seconds']:.0f} s"

    def camera_away(self) -> str:
        self.sh(f"systemctl stop {UNIT}")
        self.unplug()
        started = time.monotonic()
        self.sh(f"systemctl start --no-block {UNIT}")
        until(lambda: self.restarts() >= 2, 300, 2)
        took = time.monotonic() - started
        until(lambda: self.show("ActiveState")[0] == "activating")
        self.plug_in()
        until(self.active, 60)
        self.grows()
        return f"two new processes in {took:.0f} s, never given up; READY when the camera came"
