"""Hands beyond the stroke medians: open handwriting faces, traced to strokes that the writer model can write."""
