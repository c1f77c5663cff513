"""Scripts that measure for the documentation; users do not need them."""
