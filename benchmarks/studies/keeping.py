"""What finds faces in a clip best at which cost: the network, Haar, or the one for finding, the other for keeping?

    python -m benchmarks.studies.keeping --faces scenes

Every way goes through the exam's clips in turn (docs/faces.md says what a folder of them holds).
"""

import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from edge.cli import main as run_command
from edge.cli import verbose_option
from edge.faces import Detector, make_detector
from edge.faces.detector import FACE
from edge.faces.pyramid import Pyramid
from edge.faces.tracker import Known, Tracker, follow
from edge.live.settings import RunConfig
from edge.support.boxes import same_face, within

AROUND, PIXELS = 1.8, 72  # of a face: how much of the frame a look at it takes, and at which size


class KeptByHaar(Tracker):
    """A tracker that moves a face to where Haar sees it, and by its looks where Haar does not."""

    def __init__(self, detector: Detector, every_s: float, keeper: Detector) -> None:
        super().__init__(detector, every_s)
        self._keeper = keeper

    def _keep(self, picture: Pyramid, face: Known) -> bool:
        side = face.side * AROUND
        patch = picture.patch(face.centre, side, PIXELS)
        scale = side / PIXELS
        left, top = face.centre[0] - side / 2, face.centre[1] - side / 2
        for found in self._keeper.detect(patch):
            x, y, width, height = (n * scale for n in found.box)
            box = (round(left + x), round(top + y), round(width), round(height))
            if found.score >= FACE and same_face(box, face.box):
                face.centre = (left + x + width / 2, top + y + height / 2)
                return True
        return follow(picture, face)


@click.command()
@click.option("--faces", type=click.Path(path_type=Path), required=True, help="The exam.")
@verbose_option
def main(faces: Path) -> None:
    """Compare the ways."""
    from edge.faces import DetectorOptions

    from ..faces.exam import read_exam
    from ..faces.matching import false_runs, match
    from ..faces.measure import frames_of

    network, haar = make_detector("network"), make_detector("haar")
    close = make_detector("haar", DetectorOptions(min_face=0.4))
    every_s = RunConfig().search_every
    ways: dict[str, Callable[[], Tracker]] = {
        "network in every frame": lambda: Tracker(network, 0.0),
        f"network every {every_s:g} s, followed": lambda: Tracker(network, every_s),
        "network every 1 s, followed": lambda: Tracker(network, 1.0),
        "network every 1 s, kept by Haar": lambda: KeptByHaar(network, 1.0, close),
        f"network every {every_s:g} s, kept by Haar": lambda: KeptByHaar(network, every_s, close),
        f"Haar every {every_s:g} s, followed": lambda: Tracker(haar, every_s),
        "Haar in every frame": lambda: Tracker(haar, 0.0),
    }
    clips = [item for one in read_exam(faces) for item in one.items if item.is_clip]
    counts = {name: np.zeros(4) for name in ways}  # found, faces, tracks, longest false one (s)
    took: dict[str, list[float]] = {name: [] for name in ways}
    for clip in clips:
        frames = list(frames_of(clip))
        step_s = frames[-1][1] / max(1, len(frames) - 1)
        for name, make in ways.items():
            tracker, false, numbers = make(), [], set()
            for index, (gray, now_s) in enumerate(frames):
                began = time.process_time()
                tracks = tracker.update(gray, now_s)
                if gray.shape[0] == 720:
                    took[name].append((time.process_time() - began) * 1000)
                height, width = gray.shape
                boxes = [within(track.box, (height, width)) for track in tracks]
                seen = match(boxes, clip.truths.get(index, ()))
                counts[name] += (sum(seen.found), len(seen.found), 0, 0)
                false.append(seen.false)
                numbers |= {track.number for track in tracks}
            counts[name][2] += len(numbers)
            longest = max(false_runs(false), default=0) * step_s
            counts[name][3] = max(counts[name][3], longest)
    click.echo(f"{'':36}{'recall':>8}{'tracks':>8}{'longest false':>15}{'ms of a 720p frame':>20}")
    for name, count in counts.items():
        found, there, given, longest = count.tolist()
        click.echo(
            f"{name:36}{found / there:>8.1%}{given:>8.0f}{longest:>13.2f} s"
            f"{np.mean(took[name]):>20.2f}"
        )


if __name__ == "__main__":
    run_command(command=main, name="python -m benchmarks.studies.keeping")
