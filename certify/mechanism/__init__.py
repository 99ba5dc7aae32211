"""How a model does its task, measured and, on the impulse family, proved.

===================  =============================================================================
module               holds
===================  =============================================================================
``offsets``          the separable fit, principal components, growth, within-cell and boundary part
``census``           cells, sequences, transitions, their stability over the ratio, spectra
``maxplus``          max-plus eigenvalue and a critical cycle of W_hh, exactly
``samples``          random inputs, proportions and their standard errors
``roles``            what each unit does, found from weights and trajectories
``readout``          contributions to the logits, accuracy by position, kinds of errors, clip rates
``circuit``          certified contributions, necessary units, minimal circuits
``search``           how these are found: floats propose, exact sweeps decide
``patched``          the network with interventions: exact runs and sweeps
``interventions``    a run replayed with units changed at a step, beside the baseline
``training``         the same quantities over checkpoints
``explain``          all of it for one model
===================  =============================================================================

Numbers that are exact are fractions; numbers from samples carry their size and standard error.
"""
