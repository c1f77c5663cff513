"""What a conversion changed: answers compared, accuracy measured, the report."""
