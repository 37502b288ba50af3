"""A pack's contestant: one epoch of K members for each "go": pack_worker.py K own|shared WORKLOAD.

own: each member has its own order of batches; shared: all take the same batches. From 32 members on
an epoch is of fewer rows, for it would take minutes; figures are per row.
"""

import os
import sys
from dataclasses import replace

import torch
from netwright_worker import data_of, plan_of
from worker import Reporter, quiet_output
from workloads import WORKLOADS

from netwright.train.pack import fit_pack


def rows_of(letter: str, members: int) -> int:
    """Return how many rows a timed epoch has."""
    return WORKLOADS[letter].rows // max(1, members // 16)


def main() -> None:
    members, order, letter = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    out = quiet_output()
    w = replace(WORKLOADS[letter], rows=rows_of(letter, members))
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    reporter = Reporter(out, w.rows)
    fit_pack(
        [plan_of(w)] * members,
        data_of(w),
        order_seed=0 if order == "shared" else None,
        num_threads=torch.get_num_threads(),
        device="cpu",
        after_round=reporter.next,
    )


if __name__ == "__main__":
    main()
