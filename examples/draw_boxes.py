"""Draw boxes and emotions into an image: `python draw_boxes.py [IMAGE [OUTPUT]]`."""

import sys

import cv2

from edge_emo import Recognizer
from edge_emo.testing import portrait

image = cv2.imread(sys.argv[1]) if len(sys.argv) > 1 else portrait()
output = sys.argv[2] if len(sys.argv) > 2 else "faces.png"
for face in Recognizer().read(image):
    x, y, width, height = face.box
    cv2.rectangle(image, (x, y), (x + width, y + height), (0, 200, 0), 2)
    cv2.putText(image, face.emotion, (x, y - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 200, 0), 2)
cv2.imwrite(output, image)
print(f"wrote {output}")
