"""One short script per figure of the paper."""
