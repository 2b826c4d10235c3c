"""The commands of `blift`, a module each, and what they print while they run."""
