"""Objects to bytes and back: one pass of the C pickler, with reducers for what it does not know."""
