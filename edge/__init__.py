"""The device runtime: faces and emotions from a camera or a video, with an int8 TFLite model."""

__version__ = "0.1.0"
