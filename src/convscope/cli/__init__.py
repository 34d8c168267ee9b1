"""The command line: results on standard output, progress and notes on standard error. Nothing else prints."""
