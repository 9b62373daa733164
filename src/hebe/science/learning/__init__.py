"""Learning from what is computed: Gaussian processes over compositions, and what they say to compute next."""
