"""The model strings: loading, names, parameters, and what is wrong with them."""
