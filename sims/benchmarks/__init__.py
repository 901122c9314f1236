"""Speed: the benchmark, its rivals written by hand, and the check of a card."""
