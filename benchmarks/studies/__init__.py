"""Scripts that measure single parts for the documentation; users do not need them."""
