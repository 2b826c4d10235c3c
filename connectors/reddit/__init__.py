"""Reddit: archives of submissions and comments."""
