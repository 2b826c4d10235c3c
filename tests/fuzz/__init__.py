"""Fuzzers of what strangers hand over: small budgets among the tests, large ones by `make fuzz` (docs/security.md)."""
