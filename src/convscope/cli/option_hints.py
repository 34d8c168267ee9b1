"""What to write instead of an option that convscope does not have, but other programs do."""

from collections.abc import Mapping, Sequence

import click

from ..errors import nearest_name
from ..training.config import SETTINGS, find_other_name, folded

NETWORK = "It belongs to the network; bring one of your own with: convscope train DATA --model file.py:build"
GPU = "The native engine trains on the CPU, and --engine keras on the GPUs that Keras finds among CUDA_VISIBLE_DEVICES."
THREADS = "convscope uses every core that it may use; OMP_NUM_THREADS sets another number of threads."
STOPPING = "A training goes on while the validation improves with --time SECONDS, or with --set max_cycles=N."
PROGRESS = "Progress is shown unless --quiet is given."
_ANSWERS: Mapping[str, Sequence[str]] = {
    "dropout layers filters kernelsize hidden units activation": (NETWORK,),
    "device gpu gpus cuda cpu accelerator": (GPU,),
    "workers numworkers threads jobs j": ("--workers", THREADS),
    "patience earlystopping earlystop": (STOPPING,),
    "verbose v progress": (PROGRESS,),
    "data dataset datadir datapath input root": ("DATA",),
    "run checkpoint": ("RUN", "--resume"),
    "pretrained finetune": ("--weights", "Only convscope train takes pretrained weights."),
    "output outputdir outdir savedir logdir name": ("--out",),
    "force existok": ("--overwrite",),
    "testsize testsplit testfraction testratio": ("--test-share",),
    "imgsz imgsize inputsize size resize": ("--image-size",),
    "classes labels names": ("--class-names",),
    "arch architecture network backbone": ("--model", "--models"),
    "randomstate randomseed s": ("--seed", "--seeds"),
    "k topk": ("--top",),
    "threshold conf confidence": ("--at-least", "--accuracy"),
    "config hyperparameters": ("--set", "--recipe"),
    "loss criterion": ("The loss is always the cross-entropy of the softmax.",),
}
INSTEAD = {name: answers for names, answers in _ANSWERS.items() for name in names.split()}
"""By folded name: options and arguments, of which the first that the verb has is meant, or a sentence."""


def what_instead(command: click.Command, name: str) -> str:
    """Return the sentence that helps whoever gave ``command`` the unknown option ``name``; empty if none does."""
    options = {each for parameter in command.params if isinstance(parameter, click.Option) for each in parameter.opts}
    arguments = {parameter.human_readable_name for parameter in command.params if isinstance(parameter, click.Argument)}
    if setting := find_other_name(name):
        flag = f"--{setting.replace('_', '-')}"
        if flag in options:
            return f"Did you mean {flag!r}?"
        change = f"--set {setting}=VALUE ({SETTINGS[setting].accepted})"
        of_train = f"It is a setting of a training: convscope train DATA {change}."
        return f"The recipe sets it; change it with {change}." if "--set" in options else of_train
    for each in INSTEAD.get(folded(name), ()):
        if each in options:
            return f"Did you mean {each!r}?"
        if each in arguments:
            return f"{each} is no option. Write it on its own: convscope {command.name} {each}"
        if " " in each:
            return each
    near = nearest_name(name.strip("-"), (each.strip("-") for each in options))
    return f"Did you mean '--{near}'?" if near and f"--{near}" in options else ""
