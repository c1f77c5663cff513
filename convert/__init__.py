"""Conversion: a Keras model becomes a quantized, self-describing TFLite file."""
