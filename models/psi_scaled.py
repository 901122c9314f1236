"""The slope of phi on another scale: psi is `psi_peak` where phi is steepest.

Feedback alignment has psi nowhere but beside eta, so that its scale cannot be told from
that of eta. That psi is the slope itself, at most a quarter, is *reconstructed*; with a
peak of 1 the paper's eta does what 0.004 does with the slope. For ``--model``, with
``--set psi_peak=0.25`` for the slope itself.
"""

psi_peak = 1.0

transfer = """
phi = 1/(1 + exp(-h)) : 1
psi = 4*psi_peak*phi*(1 - phi) : 1
"""
