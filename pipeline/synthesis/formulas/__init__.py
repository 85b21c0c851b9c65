"""The embedded corpus of formulas: a grammar, handwriting as InkML, typeset formulas as photographs."""
