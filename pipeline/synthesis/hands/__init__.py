"""The hand that writes both corpora: stroke medians, writers and their habits, the path of the pen, the scanner."""
