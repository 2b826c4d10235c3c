"""Asking servers of others: at their pace, within limits, and never for an address that is not on the open net."""
