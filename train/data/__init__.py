"""The faces of a training: split, freed of duplicates, drawn in views, with targets to learn."""
