#!/usr/bin/env python3
"""Compare the records of two machines on the same clip; status 1 beyond the stated tolerance.

    python tests/device/compare.py HERE.jsonl THERE.jsonl

Tolerance: the same frames and numbers of faces; boxes within 2 pixels; scores within 0.02; the same
emotion wherever its lead is more than that. Other kernels round int8 sums otherwise by one step.
"""

import json
import sys
from pathlib import Path

BOX, SCORE = 2, 0.02


def main() -> None:
    here, there = (list(map(json.loads, Path(p).read_text().splitlines())) for p in sys.argv[1:])
    wrong = []
    if len(here) != len(there):
        wrong.append(f"{len(here)} and {len(there)} records")
    boxes, scores, faces, identical = 0.0, 0.0, 0, 0
    for a, b in zip(here, there, strict=False):
        if len(a["faces"]) != len(b["faces"]):
            wrong.append(f"frame {a['frame']}: {len(a['faces'])} and {len(b['faces'])} faces")
            continue
        identical += a["faces"] == b["faces"]
        for one, other in zip(a["faces"], b["faces"], strict=True):
            faces += 1
            boxes = max(boxes, *(abs(x - y) for x, y in zip(one["box"], other["box"], strict=True)))
            apart = max(abs(one["scores"][k] - other["scores"][k]) for k in one["scores"])
            scores = max(scores, apart)
            first, second = sorted(one["scores"].values(), reverse=True)[:2]
            if one["emotion"] != other["emotion"] and first - second > SCORE:
                wrong.append(f"frame {a['frame']}: {one['emotion']} and {other['emotion']}")
    if boxes > BOX:
        wrong.append(f"boxes differ by {boxes} pixels")
    if scores > SCORE:
        wrong.append(f"scores differ by {scores:.4f}")
    print(
        f"{len(here)} records, {faces} faces; {identical} records with identical faces; boxes differ "
        f"by at most {boxes:.0f} px, scores by at most {scores:.4f}"
    )
    for line in wrong[:20]:
        print("beyond tolerance:", line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
