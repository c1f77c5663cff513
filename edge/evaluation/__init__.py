"""How right a model is: predictions, metrics, corrupted faces."""
