"""Recipes, one module a stage, and the `blift` command."""
