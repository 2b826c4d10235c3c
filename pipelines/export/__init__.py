"""Instruction pairs in the files that trainers read: each format is a row of data, and one writer writes them all."""
