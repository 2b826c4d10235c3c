"""Everything that talks to the outside: archives of Reddit and YouTube, and the Parquet files of a run folder."""
