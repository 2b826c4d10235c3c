"""Stage fetch, and the command of that name: platforms are asked for posts, comments and media."""
