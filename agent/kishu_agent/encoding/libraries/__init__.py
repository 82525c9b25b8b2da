"""One small module a library: how its objects are stored so that sharing survives and nothing is copied."""
