"""The device runtime: faces and emotions from a camera or a video, with an int8 TFLite model."""

import os

__version__ = "0.1.0"

# Read by OpenCV when it is first imported: what it warns of, such as a camera that is late, is raised
# or logged here in our own words.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
