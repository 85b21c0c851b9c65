"""What both recognisers share in training: recipe, epochs that survive a kill, reading ahead, saving. Keras only."""
