"""`blift collect`: what a recipe asks the platforms for, and the workers that ask."""
