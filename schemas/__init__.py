"""The contract: one module a table, each a pydantic record and an Arrow schema from one definition."""
