"""The schema gate: what is compared with what, where a finding is, and how it is told to people and programs."""
