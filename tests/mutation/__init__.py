"""Mutation testing of what decides about content: each small change to a module must fail a test."""
