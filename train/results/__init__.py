"""What a finished training is reported by: figures, plots, a page."""
