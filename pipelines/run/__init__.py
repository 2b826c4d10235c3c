"""What runs a recipe: stages in order, their inputs, runner, account and run folder."""
