"""Write one row for each face of each frame: `python write_csv.py [VIDEO [OUTPUT]]`."""

import csv
import sys

from edge_emo import EMOTIONS, Recognizer

video = sys.argv[1] if len(sys.argv) > 1 else "demo"
output = sys.argv[2] if len(sys.argv) > 2 else "faces.csv"
rows = 0
with open(output, "w", newline="", encoding="utf-8") as file:
    table = csv.writer(file)
    table.writerow(["frame", "time_s", "track", "emotion", *EMOTIONS])
    for seen in Recognizer().watch(video):
        for face in seen.faces:
            scores = [round(face.scores[name], 4) for name in EMOTIONS]
            table.writerow([seen.frame, seen.position_s, face.track, face.emotion, *scores])
            rows += 1
print(f"wrote {rows} rows to {output}")
