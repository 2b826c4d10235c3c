"""The stats stage, and what `blift stats` shares with it: sides of a comparison, and limits."""
