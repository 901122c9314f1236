"""Training a session: presentations, evaluation, checkpoints, measures on the way."""
