"""A rough slope: psi is constant where phi is steep and zero elsewhere.

Rough approximations of psi work nearly as well as the slope of phi itself (*paper*).
This one is a boxcar of the same height at h = 0, a quarter, and the same area, 1, as
``phi (1 - phi)`` (*reconstructed*: the paper does not say which it tried). Use it with
``--model models/psi_boxcar.py``; all that it does not name is that of the other files.
"""

psi_width = 4.0

transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = int(abs(h) < psi_width/2)/psi_width : 1
"""
