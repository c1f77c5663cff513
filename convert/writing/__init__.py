"""TFLite files: layers, quantization, and what a file says of itself."""
