"""Stage instruct: samples become instruction pairs in splits."""
