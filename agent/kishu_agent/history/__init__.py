"""Checkpoints, their graph, events, branches, tags and names for checkpoints. Plain data."""
