"""Models from elsewhere: what is in their files, and what must not be run."""
