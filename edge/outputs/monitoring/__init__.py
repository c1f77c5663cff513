"""How a run is: its health, its counts, the state of the board. For machines that watch it."""
