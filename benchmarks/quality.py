"""Quality beside speed: what the pipeline finds and tells against an exhaustive search of each frame."""

from collections.abc import Callable, Sequence

import cv2

from edge.emotions.classifier import Classifier
from edge.faces.crop import crop_face, to_gray
from edge.faces.haar import find_cascade
from edge.faces.tracker import Tracker
from edge.live.pipeline import Pipeline
from edge.sources.opencv import frame_of
from edge.support.boxes import Box, iou
from edge.support.values import Face

from .clip import Clip
from .reference import find_faces

SAME_IOU = 0.5  # as detection is commonly scored, since PASCAL VOC


def measure_quality(
    clip: Clip,
    pipeline: Pipeline,
    classifier: Classifier,
    min_face: float,
    progress: Callable[[int, int], None],
) -> dict[str, float]:
    """Return recall and precision of faces, of the pipeline and of the paper's detector, and how
    steady the told emotions are and how far they agree with those of the reference's boxes.

    Args:
        pipeline: with no memory yet.
        classifier: the one in it, for the reference's boxes.
        min_face: the smallest face of the reference, as a share of the frame's height.
        progress: called with (frames done, frames in all).
    """
    truth = find_faces(clip.pictures, min_face, clip.continuous, progress)
    seen: list[Sequence[Face]] = []
    for p in clip.pictures:
        frame = frame_of(p.image, "bench", p.index, p.position_s, 0.0)
        seen.append(pipeline.analyse(frame).faces)
    boxes = [[face.box for face in faces] for faces in seen]
    recall, precision = score(boxes, truth)
    cascade = cv2.CascadeClassifier(str(find_cascade()))
    theirs: list[list[Box]] = []
    for p in clip.pictures:
        found = cascade.detectMultiScale(to_gray(p.image))
        theirs.append([(int(x), int(y), int(w), int(h)) for x, y, w, h in found])
    paper_recall, paper_precision = score(theirs, truth)
    return {
        "faces in the reference": float(sum(map(len, truth))),
        "recall": recall,
        "precision": precision,
        "paper's detector: recall": paper_recall,
        "paper's detector: precision": paper_precision,
        "changes of the told emotion, per face and second": _flips(clip, seen),
        "emotions as on the reference's boxes": _agreement(clip, seen, truth, classifier),
    }


def score(found: Sequence[Sequence[Box]], truth: Sequence[Sequence[Box]]) -> tuple[float, float]:
    """Return recall and precision over all frames, 0..1; NaN where there is nothing to find."""
    pairs = sum(len(matches(a, b)) for a, b in zip(found, truth, strict=True))
    wanted, told = sum(map(len, truth)), sum(map(len, found))
    return pairs / wanted if wanted else float("nan"), pairs / told if told else float("nan")


def matches(found: Sequence[Box], truth: Sequence[Box]) -> list[tuple[int, int]]:
    """Return pairs of places in `found` and `truth` that overlap by `SAME_IOU`, the best first."""
    overlaps = sorted(
        ((iou(a, b), i, j) for i, a in enumerate(found) for j, b in enumerate(truth)), reverse=True
    )
    pairs: dict[int, int] = {}
    for overlap, i, j in overlaps:
        if overlap >= SAME_IOU and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return list(pairs.items())


def _flips(clip: Clip, seen: Sequence[Sequence[Face]]) -> float:
    """Return how often a face's emotion changes from one frame to the next, per second."""
    changes, seconds = 0, 0.0
    for place in range(1, len(seen)):
        before, now = clip.pictures[place - 1], clip.pictures[place]
        if now.index != before.index + 1 or now.position_s is None or before.position_s is None:
            continue
        was = {face.track: face.emotion for face in seen[place - 1]}
        for face in seen[place]:
            if face.track in was:
                seconds += now.position_s - before.position_s
                changes += face.emotion != was[face.track]
    return changes / seconds if seconds else float("nan")


def _agreement(
    clip: Clip,
    seen: Sequence[Sequence[Face]],
    truth: Sequence[Sequence[Box]],
    classifier: Classifier,
) -> float:
    """Return the share of faces found whose emotion is that of the exhaustive run's face."""
    tracker = Tracker()
    same = both = 0
    for picture, faces, boxes in zip(clip.pictures, seen, truth, strict=True):
        gray = to_gray(picture.image)
        now_s = picture.position_s or 0.0
        if not clip.continuous:
            tracker = Tracker()
        told = [
            tracker.judge(
                track, classifier.classify(crop_face(gray, box, classifier.input_size)), now_s
            ).emotion
            for box, track in zip(boxes, tracker.follow(list(boxes), now_s), strict=True)
        ]
        for i, j in matches([face.box for face in faces], boxes):
            both += 1
            same += faces[i].emotion == told[j]
    return same / both if both else float("nan")
