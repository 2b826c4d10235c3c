"""Stage prefer: comments, titles and posts become preferences."""
