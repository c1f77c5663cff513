"""Print the share of time that each face of a video shows each emotion."""

import sys
from collections import Counter, defaultdict

from edge_emo import Recognizer

video = sys.argv[1] if len(sys.argv) > 1 else "demo"
frames: dict[int, Counter[str]] = defaultdict(Counter)
for seen in Recognizer().watch(video):
    for face in seen.faces:
        frames[face.track][face.emotion] += 1
for track, counts in frames.items():
    shares = ", ".join(f"{e} {n / counts.total():.0%}" for e, n in counts.most_common())
    print(f"face {track}, {counts.total()} frames: {shares}")
