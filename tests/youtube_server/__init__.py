"""A YouTube on loopback: recorded answers, and made-up ones."""
