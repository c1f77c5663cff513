"""The face detector: the network, the scenes that it learns from, its training and its int8 file."""
