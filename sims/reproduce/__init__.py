"""All figures of the paper: the plan of commands, the table of results."""
