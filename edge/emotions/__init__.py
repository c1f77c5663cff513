"""From a cropped face to the scores of seven emotions."""

# Least confidence with which an emotion is reported by default. With the everyday expectation what is
# reported is then right about nine times in ten on FER-2013's `PublicTest`, where people agree, and
# what is not about every second time (docs/expectations.md).
UNSURE_BELOW = 0.45
