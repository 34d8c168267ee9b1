"""Each mistake explained."""
