"""The training itself: batches, teachers, devices, the loop over epochs."""
