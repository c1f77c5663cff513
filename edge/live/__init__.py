"""One live run: its settings, its session, its loop."""
