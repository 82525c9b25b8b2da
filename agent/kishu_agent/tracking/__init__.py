"""What of the session changed: names, co-variables, fingerprints."""
