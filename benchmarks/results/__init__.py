"""What a bench is reported by: tables, a plot, a page, a comparison of two."""
