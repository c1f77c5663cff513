"""The shipped models: data only, installed as `edge.models`."""
