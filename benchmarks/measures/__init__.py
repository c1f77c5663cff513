"""What is timed beside the systems: stages, growth, the whole command."""
