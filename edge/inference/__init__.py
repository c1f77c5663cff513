"""Model files and the TFLite interpreter that runs them."""
