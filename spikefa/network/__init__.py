"""One network's Brian2 objects, in the order of a time step."""
