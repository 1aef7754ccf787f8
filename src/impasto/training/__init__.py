"""Learning the weights of Impasto's own networks."""
