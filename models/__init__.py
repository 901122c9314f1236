"""What is simulated: Brian2 equation strings and parameters with units.

=============================  ========================================
`spikefa.models.psp`           input neurons and forward PSP neurons
`spikefa.models.delta`         error neurons and backward delta neurons
`spikefa.models.three_factor`  plastic forward, fixed feedback synapses
`spikefa.models.feedback`      feedback over the forward synapses
`spikefa.models.readout`       what the guess is made from
`spikefa.models.signals`       reward: what strings see of the outcome
`spikefa.models.rate`          the same definitions for rate networks
=============================  ========================================

A model is the sum of the first six files; `rate` replaces a few of their
strings. A file given to ``--model`` replaces strings in the same way: it needs to
hold only what it changes. `psi_boxcar`, `psi_scaled`, `error_spikes`,
`third_factor_linear`, `decay_per_step` and `biases_fixed` are such files: choices that
the paper leaves open.
`eta_annealed`, `deltas_linear` and `deltas_linear_annealed`, which is both, change what
the paper states.

Words marked *paper* are stated by Lillicrap et al., Nature Communications 7:13276
(2016), doi:10.1038/ncomms13276; *reconstructed* marks what had to be filled in.
"""
