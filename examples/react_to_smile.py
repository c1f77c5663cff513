"""Call a function when somebody begins to smile, and stop after the first smile."""

from edge_emo import Recognizer

LEAST = 0.6  # confidence


def smile(track: int, seconds: float) -> None:
    print(f"face {track} smiles after {seconds:.1f} s")


for seen in Recognizer(unsure_below=LEAST).watch("demo"):  # 0 in place of "demo": a webcam
    happy = [face for face in seen.faces if face.emotion == "happy"]
    if happy:
        smile(happy[0].track, seen.position_s or 0.0)
        break
