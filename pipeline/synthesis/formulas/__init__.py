"""The embedded corpus of formulas: a grammar, handwriting as InkML, and typeset formulas as photographs."""
