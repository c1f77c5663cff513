"""Find the faces in one image and print their emotions: `python read_image.py [IMAGE]`."""

import sys

from edge_emo import Recognizer
from edge_emo.testing import portrait

image = sys.argv[1] if len(sys.argv) > 1 else portrait()
for face in Recognizer().read(image):
    x, y, width, height = face.box
    print(f"{face.emotion} ({face.confidence:.0%}) at {x},{y}, {width}x{height} pixels")
