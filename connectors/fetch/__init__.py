"""What a fetch folder from the platforms consists of: items, their states, and the archives that come of them."""
