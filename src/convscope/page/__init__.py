"""The page: one HTML file without outside parts, made from the record of a run and its drawings."""
