"""certify: proofs, with certificates, that small recurrent ReLU networks do their task.

Importing this package brings in nothing third-party, so that the checker runs bare; import the
module that you need (``certify.reading.weights``, ``certify.impulse.sweep``, ``certify.testing``,
...).
"""

__version__ = "0.1.0"
