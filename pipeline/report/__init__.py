"""Pictures and tables for people. The same data gives the same bytes."""
