"""Statistics of the tables of a dataset: counts that add up, the distributions that they describe, and their drift."""
