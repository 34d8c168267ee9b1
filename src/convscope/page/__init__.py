"""The pages: self-contained HTML files made from the record of a run and its drawings."""
