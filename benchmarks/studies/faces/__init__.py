"""Studies of the face detector: what a lean gives, and what it costs beside another version."""
