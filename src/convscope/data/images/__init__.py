"""Any image file to pixels."""
