"""Face detectors, the tracker that gives each face one identity, and the crop that a model takes."""

from .detector import Detection, Detector, DetectorOptions, Eyes, make_detector

__all__ = ["Detection", "Detector", "DetectorOptions", "Eyes", "make_detector"]
