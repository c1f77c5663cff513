"""From a cropped face to the scores of seven emotions."""
