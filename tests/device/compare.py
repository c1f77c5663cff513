#!/usr/bin/env python3
"""Compare the records of two machines on the same pictures; status 1 where they contradict each other.

    python tests/device/compare.py HERE.jsonl THERE.jsonl

The same frames; in each as many faces; each face's boxes overlap by half of what they cover together, as
detectors are usually judged (PASCAL VOC); and no face with two emotions, if 'unsure' on one machine
contradicts nothing. Other kernels round int8 sums otherwise by one step, which moves a box by some per cent
of its size, and so the crop that is classified: how far boxes and scores differ is printed, not judged.
"""

import json
import sys
from pathlib import Path

OVERLAP = 0.5
UNSURE = "unsure"


def main() -> None:
    here, there = (list(map(json.loads, Path(p).read_text().splitlines())) for p in sys.argv[1:])
    wrong = []
    if len(here) != len(there):
        wrong.append(f"{len(here)} and {len(there)} records")
    overlaps, scores, identical, unsure = [], [], 0, 0
    for a, b in zip(here, there, strict=False):
        if len(a["faces"]) != len(b["faces"]):
            wrong.append(f"frame {a['frame']}: {len(a['faces'])} and {len(b['faces'])} faces")
            continue
        identical += a["faces"] == b["faces"]
        for one, other in zip(a["faces"], b["faces"], strict=True):
            overlaps.append(overlap(one["box"], other["box"]))
            scores.append(max(abs(one["scores"][k] - other["scores"][k]) for k in one["scores"]))
            if overlaps[-1] < OVERLAP:
                wrong.append(f"frame {a['frame']}: boxes {one['box']} and {other['box']}")
            said = {one["emotion"], other["emotion"]}
            unsure += len(said) == 2 and UNSURE in said
            if len(said) == 2 and UNSURE not in said:
                wrong.append(f"frame {a['frame']}: {one['emotion']} and {other['emotion']}")
    print(
        f"{len(here)} records, {len(scores)} faces; {identical} records with identical faces; "
        f"{unsure} faces 'unsure' on one machine only; least overlap of boxes "
        f"{min(overlaps, default=1):.2f}, median {middle(overlaps):.2f}; scores differ by at most "
        f"{max(scores, default=0):.3f}, median {middle(scores):.3f}"
    )
    for line in wrong[:20]:
        print("contradiction:", line)
    sys.exit(bool(wrong))


def overlap(one: list[int], other: list[int]) -> float:
    """Return the shared part of what two boxes (x, y, width, height) cover together."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = one, other
    width = max(0, min(ax + aw, bx + bw) - max(ax, bx))
    height = max(0, min(ay + ah, by + bh) - max(ay, by))
    shared = width * height
    return shared / (aw * ah + bw * bh - shared)


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


if __name__ == "__main__":
    main()
