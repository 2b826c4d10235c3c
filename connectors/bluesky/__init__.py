"""Bluesky: posts with images or video, their likes and replies."""
