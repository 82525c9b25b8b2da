"""The command line: what can be done with a .kishu folder without a kernel."""
