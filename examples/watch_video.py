"""Follow the faces of a video and print each change of emotion: `python watch_video.py [VIDEO]`."""

import sys

from edge_emo import Recognizer

video = sys.argv[1] if len(sys.argv) > 1 else "demo"
last: dict[int, str] = {}
for seen in Recognizer().watch(video):
    for face in seen.faces:
        if last.get(face.track) != face.emotion:
            last[face.track] = face.emotion
            print(f"{seen.position_s:6.2f} s  face {face.track}: {face.emotion}")
