"""Time each stage by itself, and print the times as JSON: run by `benchmarks.studies.micro` in a process of
its own, on whichever version of `edge` that process finds. So it calls only what versions share.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import fmean, median

REPEATS = 30
BEGINNING = 3  # frames in which a scene is searched with more effort
NEXT = "next frame, two faces"


def stages() -> dict[str, Callable[[], object]]:
    """Return what is timed, by name; each call does the stage's work once."""
    from edge.emotions.classifier import TFLiteClassifier
    from edge.faces import make_detector
    from edge.faces.crop import crop_face, to_gray
    from edge.inference.model_file import find_model, read_model
    from edge.live.pipeline import Pipeline
    from edge.outputs.annotate import annotate
    from edge.sources.demo import DemoClip
    from edge.support.values import Frame

    clip = DemoClip()
    images = [clip.picture(6 + i / 25) for i in range(BEGINNING + REPEATS)]
    grays = [to_gray(image) for image in images]
    classifier = TFLiteClassifier(read_model(find_model(None)))
    detector = make_detector("haar")

    def frame(index: int) -> Frame:
        size = (1280, 720)
        now = datetime.now(UTC)
        return Frame(
            "micro", index, now, index / 25, size, grays[index], lambda: images[index], 0.0
        )

    steady = Pipeline(detector, classifier, True, 0.25)
    seen = [steady.analyse(frame(index)) for index in range(BEGINNING)][-1]
    following = iter(range(BEGINNING, BEGINNING + REPEATS))
    face = crop_face(grays[0], (280, 160, 120, 120), classifier.input_size)
    return {
        "gray": lambda: to_gray(images[0]),
        "crop": lambda: crop_face(grays[0], (280, 160, 120, 120), classifier.input_size),
        "classify one face": lambda: classifier.classify(face),
        "first frame": lambda: Pipeline(detector, classifier, True, 0.25).analyse(frame(0)),
        NEXT: lambda: steady.analyse(frame(next(following))),
        "draw": lambda: annotate(images[0], seen, 25.0),
        "record": lambda: json.dumps(seen.as_record()),
    }


def main() -> None:
    """Print the median time of each stage, milliseconds, as one JSON object; the mean of a next
    frame's, as each has another part of a search to do.
    """
    times = {}
    for name, work in stages().items():
        if name != NEXT:  # which cannot be repeated on the same frame
            work()
        took = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            work()
            took.append((time.perf_counter() - began) * 1000)
        times[name] = (fmean if name == NEXT else median)(took)
    json.dump(times, sys.stdout)


if __name__ == "__main__":
    main()
