"""Stage release: what will be published, with personal data replaced."""
