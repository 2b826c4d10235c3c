"""Trainers over exports of the demo: `make test-training` installs them apart, and runs their own loaders."""
