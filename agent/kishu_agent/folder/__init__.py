"""The .kishu folder on disk: packs of frames, checkpoint and event files. Knows no Python objects of a session."""
