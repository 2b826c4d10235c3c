"""Commands that are killed at counted events, and run again: a few among the tests, a hundred by `make kill`."""
