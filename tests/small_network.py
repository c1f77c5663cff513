"""The network that the tests train: the shipped ones' layers, few of each, as compiling takes the time."""

from functools import partial

from train.architectures import Architecture, edge_net

SMALL = Architecture("small", "", partial(edge_net, "small", ((4,), (8,)), 8), "edge")

# `edge-emo` as a program that knows it, and leaves a report's plots undrawn.
PROGRAM = f"""
import runpy, sys
from train import architectures
architectures.ARCHITECTURES["small"] = runpy.run_path({__file__!r})["SMALL"]
from train.results import plots
plots.png = lambda figure: b"png"
from edge.cli import main
main(sys.argv[1:])
"""
