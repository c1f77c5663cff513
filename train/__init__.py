"""Training: data sets, architectures, recipes and the loop that joins them."""
