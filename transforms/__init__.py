"""Pure functions on tables, arrays and frames, and the PTransforms that wrap them."""
