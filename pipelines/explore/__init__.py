"""Looking at a dataset: its tables, queries over their rows, and the pages that show them."""
