"""Builds datasets of how people receive what other people post."""
