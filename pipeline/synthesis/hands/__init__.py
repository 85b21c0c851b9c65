"""The hand that writes both corpora: stroke medians, writers' habits, the path of the pen, the scanner."""
