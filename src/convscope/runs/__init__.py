"""The run folder: what is in it, how each file is read, written, locked and accounted for."""
