"""Scripts that reproduce or measure for the documentation; users do not need them."""
