"""What is measured of decoded pictures: scores of change, cuts, perceptual hashes, bars, colours, tone."""
