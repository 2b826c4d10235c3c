"""Preference pairs out of what people did: which comments, titles and posts are compared, and what is asked."""
