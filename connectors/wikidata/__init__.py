"""Wikidata: lists of channels."""
