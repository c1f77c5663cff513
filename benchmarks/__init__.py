"""Benchmarks: how fast the pipeline is with each model, in one run."""
