"""A small corpus in the true archive formats, made by a seeded generator, on which every rule fires."""
