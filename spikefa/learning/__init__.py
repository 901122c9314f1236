"""How networks learn: rules, and the routes on which the error travels."""
