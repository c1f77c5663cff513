"""A real Prometheus scrapes the page: names, rates, alert rules, the dashboard's queries.

    python tests/acceptance/page/prometheus.py [SECONDS]

Needs `prometheus` and `promtool` (Debian: apt install prometheus).
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from importlib import resources
from pathlib import Path

from running import REPOSITORY, Run, check, end, free_port, running, until

CONFIG = """
global: {{scrape_interval: 2s, evaluation_interval: 2s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: edge-emo
    static_configs: [{{targets: ["{target}"]}}]
"""


class Prometheus:
    """A server of its own, with an empty store."""

    def __init__(self, folder: Path, run: Run) -> None:
        rules = REPOSITORY / "edge/outputs/monitoring/alerts.yml"
        target = run.url.removeprefix("http://")
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(rules=rules, target=target))
        self.url = f"http://127.0.0.1:{free_port()}"
        listen = self.url.removeprefix("http://")
        command = [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
        ]
        self.process = subprocess.Popen(
            [*command, f"--web.listen-address={listen}", "--log.level=error"]
        )

    def query(self, expression: str) -> list[dict]:
        asked = f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}"
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)["data"]["result"]

    def ready(self) -> bool:
        try:
            return bool(self.query("edge_emo_frames_total"))
        except OSError:
            return False


def promtool(*arguments: str, given: bytes = b"") -> tuple[int, str]:
    done = subprocess.run(["promtool", *arguments], input=given, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode().strip()


def series(text: bytes) -> set[str]:
    """Return the series of a scrape, without those of the histogram's single buckets."""
    return {line.rpartition(" ")[0] for line in text.decode().splitlines() if line[0] != "#"}


def dashboard_queries() -> list[str]:
    text = resources.files("edge.outputs.monitoring").joinpath("dashboard.json").read_text()
    panels = json.loads(text)["panels"]
    return [t["expr"].replace("$camera", ".*") for p in panels for t in p["targets"]]


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, records = folder / "edge-emo.prom", folder / "faces.jsonl"
        outputs = ["--metrics-file", str(file), "--jsonl", str(records)]
        with running("--camera", "mock", "--fps", "5", "--size", "640x360", *outputs) as run:
            first = series(run.get("/metrics")[2])
            prometheus = Prometheus(folder, run)
            try:
                until(prometheus.ready, 30)
                time.sleep(seconds)
                window = round(seconds)
                rate = float(
                    prometheus.query(f"rate(edge_emo_frames_total[{window}s])")[0]["value"][1]
                )
                times = [json.loads(line)["time"] for line in records.read_text().splitlines()]
                true = written_rate(times, seconds)
                check(
                    f"rate() over {window} s is within 5 % of the records'",
                    abs(rate / true - 1) <= 0.05,
                    f"{rate:.3f} and {true:.3f} frames/s",
                )
                missing = [q for q in dashboard_queries() if not prometheus.query(q)]
                # This machine has no firmware that reports throttling, and may have no thermal zone.
                missing = [q for q in missing if "throttled" not in q and "temperature" not in q]
                check("every query of the dashboard finds something", not missing, missing or "all")
                firing = [a["metric"]["alertname"] for a in prometheus.query("ALERTS")]
                check("no alert while all is well", not firing, firing or "none")
                text = run.get("/metrics")[2]
                check("series do not grow with tracks", *grown(first, series(text), records))
            finally:
                prometheus.process.terminate()
                prometheus.process.wait()
        said = promtool("check", "metrics", given=text)
        check("promtool check metrics is silent about the page", said == (0, ""), said)
        said = promtool("check", "metrics", given=file.read_bytes())
        check("... and about the file", said == (0, ""), said)
        mode = oct(file.stat().st_mode & 0o777)
        check("the file is readable for node_exporter", mode == "0o644", mode)
        left = [p.name for p in folder.iterdir() if p.name.startswith(".part")]
        check("no half-written file is left", not left, left or "none")
    said = promtool("check", "rules", str(REPOSITORY / "edge/outputs/monitoring/alerts.yml"))
    check("promtool check rules", said[0] == 0, said[1].splitlines()[-1])
    said = promtool("test", "rules", str(Path(__file__).with_name("alerts_test.yml")))
    check("promtool test rules", said[0] == 0, said[1].splitlines()[-1])
    end()


def written_rate(times: list[str], seconds: float) -> float:
    """Return frames a second in the records of the last so many seconds."""
    from datetime import datetime

    moments = [datetime.fromisoformat(t).timestamp() for t in times]
    recent = [m for m in moments if m > moments[-1] - seconds]
    return (len(recent) - 1) / (recent[-1] - recent[0])


def grown(first: set[str], last: set[str], records: Path) -> tuple[bool, str]:
    new = {s for s in last - first if not re.search(r"stage_duration", s)}
    tracks = {
        f["track"] for line in records.read_text().splitlines() for f in json.loads(line)["faces"]
    }
    return not new and len(
        tracks
    ) >= 3, f"{len(last)} series for {len(tracks)} tracks; new: {new or 'none'}"


if __name__ == "__main__":
    main()
