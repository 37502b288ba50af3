"""What is looked up once the script has ended."""

from netwright.watch.learner import Learner


def probe(learner: Learner) -> None:
    """Write the probes' signals into the learner's trace."""
