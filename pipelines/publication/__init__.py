"""What a publication on the Hub consists of: files, version, card, picture of the funnel, upload."""
