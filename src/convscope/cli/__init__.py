"""argv → verbs → text. Only this room prints: results to standard output, progress and notes to standard error."""
