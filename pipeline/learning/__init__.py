"""Training code that both recognisers share: recipe, resumable epochs, checkpoints, saving. Keras only."""
