"""Adaptive exponential integrate-and-fire neurons, with units.

R. Brette and W. Gerstner, Journal of Neurophysiology 94:3637 (2005).
"""
