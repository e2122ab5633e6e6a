"""The same work in several processes of this machine that share their gradients: two cores, where a second thread gains
nothing. Knows no model and no batches.
"""
import os
import tempfile
import traceback
from pathlib import Path

import torch
import torch.distributed as distributed


def run(count, work):
    """work() in `count` processes, this one being number 0; what it returns here. The others are forked from this one."""
    if count == 1:
        return work()
    with tempfile.TemporaryDirectory() as folder:
        meeting = f'file://{Path(folder) / "meeting"}'
        others = []
        for number in range(1, count):
            process = os.fork()
            if process == 0:
                os._exit(_other(meeting, number, count, work))
            others.append(process)
        distributed.init_process_group('gloo', init_method=meeting, rank=0, world_size=count)
        try:
            result = work()
        finally:
            distributed.destroy_process_group()
        if any(os.waitpid(process, 0)[1] for process in others):
            raise RuntimeError('another process of this training failed')
        return result


def _other(meeting, number, count, work):
    try:
        distributed.init_process_group('gloo', init_method=meeting, rank=number, world_size=count)
        work()
        return 0
    except BaseException:  # the process ends here, and must not go on with what its parent was doing
        traceback.print_exc()
        return 1


def number():
    return distributed.get_rank() if distributed.is_initialized() else 0


def count():
    return distributed.get_world_size() if distributed.is_initialized() else 1


def average(gradients, values):
    """Sets the gradients of all processes to their mean; the means of `values`, which are tensors of one number."""
    if count() == 1:
        return values
    flat = torch.cat([g.flatten() for g in gradients] + [v.detach().reshape(1).float() for v in values])
    distributed.all_reduce(flat)
    flat /= count()
    at = 0
    for g in gradients:
        g.copy_(flat[at:at + g.numel()].view_as(g))
        at += g.numel()
    return list(flat[at:])
