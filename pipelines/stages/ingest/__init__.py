"""Stage ingest: archives are read into the tables of posts and comments."""
