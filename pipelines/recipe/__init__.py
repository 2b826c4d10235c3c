"""Recipes: what one says, how a file is read, and the page that documents it."""
