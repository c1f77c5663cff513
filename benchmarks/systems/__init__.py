"""The systems that a bench compares."""
