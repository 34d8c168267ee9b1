"""Files, arrays, memory, hardware: no machine learning."""
