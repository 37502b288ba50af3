"""The command line: one function per command; nothing heavy is imported before it is needed."""

import errno
import sys
import time as clock
import traceback
from pathlib import Path
from typing import Annotated

import typer

from netwright import __version__
from netwright.cli import options as o
from netwright.cli.freeze import FreezeCommand
from netwright.errors import NetwrightError

app = typer.Typer(
    name="netwright",
    help="Neural networks made, watched, mended and explained.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_WRITING = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.EISDIR,
}


def main() -> None:
    """Run the command line; every error a user can mend is one clear sentence and its exit code."""
    try:
        app(standalone_mode=True, obj=clock.monotonic())
    except NetwrightError as error:
        _stop(str(error), error.exit_code)
    except KeyboardInterrupt:
        _stop("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno in _WRITING:
            _stop(
                f"{error.filename or 'The output'} cannot be written: {error.strerror}. Give "
                "another --out.",
                2,
            )
        _bug(error)
    except Exception as error:
        _bug(error)


def _stop(text: str, code: int) -> None:
    print(f"netwright: {text}", file=sys.stderr)
    raise SystemExit(code)


def _bug(error: BaseException) -> None:
    """Write the trace to a file (the run folder's, where there is one) and one line to the
    screen."""
    folder = Path(getattr(error, "run_folder", "."))
    place = folder / "netwright-error.txt"
    text = "".join(traceback.format_exception(error))
    try:
        place.write_text(text, encoding="utf-8")
        where = f"the trace is in {place}"
    except OSError:
        where = f"the trace follows\n{text}"
    _stop(f"this is a bug of ours ({type(error).__name__}: {error}); {where}", 1)


def _version(show: bool) -> None:
    if show:
        print(f"netwright {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def train(
    context: typer.Context,
    source: o.Source,
    target: o.Target = None,
    task: o.TaskName = None,
    test: o.Test = None,
    out: o.Out = None,
    plan: Annotated[str | None, typer.Option(help="A plan.yaml to follow.", metavar="FILE")] = None,
    set_: o.Changes = None,
    time: o.Bound = None,
    epochs: o.Epochs = None,
    members: Annotated[
        int | None, typer.Option(help="Train an ensemble of so many nets.", metavar="K")
    ] = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    threads: o.Threads = None,
    time_column: o.TimeColumn = None,
    group: o.Group = None,
    horizon: o.Horizon = None,
    split: o.SplitBy = None,
    unlabelled: o.Unlabelled = False,
    order: o.Order = None,
    metric: o.Metric = None,
    resume: o.Resume = False,
    json: o.AsJson = False,
) -> None:
    """Turn data into a trained, tested, explained network."""
    from netwright.cli.train import run_train

    # A time bound counts from the command's start: imports take their share.
    given = {k: v for k, v in locals().items() if k not in ("run_train", "context")}
    raise typer.Exit(run_train(given | {"begun": context.obj}))


@app.command(cls=FreezeCommand)
def finetune(
    context: typer.Context,
    model: o.ModelPath,
    source: o.Source,
    target: o.Target = None,
    task: o.TaskName = None,
    test: o.Test = None,
    out: o.Out = None,
    freeze: o.Freeze = None,
    set_: o.Changes = None,
    time: o.Bound = None,
    epochs: o.Epochs = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    threads: o.Threads = None,
    split: o.SplitBy = None,
    metric: o.Metric = None,
    resume: o.Resume = False,
    json: o.AsJson = False,
) -> None:
    """Train a model on with other texts or pictures: its net, encoding and weights are taken."""
    from netwright.cli.train import run_train

    given = {k: v for k, v in locals().items() if k not in ("run_train", "context")}
    rest = dict.fromkeys(("plan", "members", "time_column", "group", "horizon", "order"))
    raise typer.Exit(run_train(given | rest | {"unlabelled": False, "begun": context.obj}))


@app.command()
def tune(
    context: typer.Context,
    source: o.Source,
    space: Annotated[
        str | None,
        typer.Option(help="YAML of plan fields to search; chosen when left out.", metavar="FILE"),
    ] = None,
    method: Annotated[str, typer.Option(help="bayes, random, grid or hyperband.")] = "bayes",
    sampler: Annotated[str, typer.Option(help="Of a Bayesian search: tpe or gp.")] = "tpe",
    trials: Annotated[
        int | None, typer.Option(help="How many plans to try; 64 when left out.", metavar="N")
    ] = None,
    time: o.Bound = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="File or URL that holds the study, shared by all who work on it.", metavar="URL"
        ),
    ] = None,
    study: Annotated[str, typer.Option(help="Name of the study in the storage.")] = "netwright",
    workers: Annotated[int, typer.Option(help="Processes on this machine.", metavar="N")] = 1,
    ray: Annotated[bool, typer.Option("--ray", help="Workers are tasks of a Ray cluster.")] = False,
    pack: Annotated[
        int | None, typer.Option(help="Trials trained as one; by the net's size when left out.")
    ] = None,
    warm_start: Annotated[
        list[str] | None,
        typer.Option(help="A plan or folder whose values are tried first.", metavar="PLAN"),
    ] = None,
    target: o.Target = None,
    task: o.TaskName = None,
    test: o.Test = None,
    out: o.Out = None,
    plan: Annotated[str | None, typer.Option(help="The plan to tune.", metavar="FILE")] = None,
    set_: o.Changes = None,
    epochs: Annotated[int | None, typer.Option(help="At most this many epochs a trial.")] = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    threads: o.Threads = None,
    time_column: o.TimeColumn = None,
    group: o.Group = None,
    horizon: o.Horizon = None,
    split: o.SplitBy = None,
    unlabelled: o.Unlabelled = False,
    order: o.Order = None,
    metric: o.Metric = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with --out.")] = False,
    json: o.AsJson = False,
) -> None:
    """Search a space of plans for the best one, on validation rows alone."""
    from netwright.cli.tune import run_tune

    given = {k: v for k, v in locals().items() if k not in ("run_tune", "context")}
    raise typer.Exit(run_tune(given | {"begun": context.obj}))


@app.command()
def repair(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run folder with findings.", metavar="RUN")],
    seeds: Annotated[int, typer.Option(help="Paired seeds of the proof, 5 to 16.")] = 5,
    out: o.Out = None,
    device: o.Device = "auto",
    threads: o.Threads = None,
    json: o.AsJson = False,
) -> None:
    """Treat a run's findings, prove over paired seeds what helps, and train it anew."""
    from netwright.cli.repair import run_repair

    raise typer.Exit(
        run_repair(
            run, seeds=seeds, out=out, device=device, threads=threads, as_json=json,
            begun=context.obj,
        )
    )  # fmt: skip


@app.command()
def predict(
    model: o.ModelPath,
    source: o.Source,
    out: Annotated[
        str | None,
        typer.Option(
            help="CSV to write (of masks: a folder); stdout when left out, with --json in its "
            "`predictions`.",
            metavar="FILE.csv",
        ),
    ] = None,
    support: Annotated[
        str | None,
        typer.Option(
            help="Class folders of examples; for models of --task similarity.", metavar="DIR"
        ),
    ] = None,
    beam: Annotated[
        int, typer.Option(help="Of a translator: width of the search; 1 is greedy.", metavar="N")
    ] = 1,
    device: o.Device = "auto",
    threads: o.Threads = None,
    json: o.AsJson = False,
) -> None:
    """Predict rows with a trained model, in the input's order."""
    from netwright.cli.use import run_predict

    run_predict(
        model, source, out=out, device=device, threads=threads, as_json=json, beam=beam,
        support=support,
    )  # fmt: skip


@app.command()
def generate(
    model: o.ModelPath,
    prompt: Annotated[str, typer.Option(help="What the text begins with.", metavar="T")] = "",
    tokens: Annotated[int, typer.Option(help="How many to write.", metavar="N")] = 500,
    temperature: Annotated[
        float, typer.Option(help="Below 1 is more careful; 0 takes the likeliest.")
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option(help="Draw from the K likeliest alone.", metavar="K")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(help="Draw from the fewest that have P of the probability.", metavar="P"),
    ] = None,
    count: Annotated[int, typer.Option(help="Rows or pictures to draw.", metavar="N")] = 16,
    out: Annotated[
        str | None,
        typer.Option(
            help="Of rows a table's file; of pictures a .png or a folder.", metavar="FILE"
        ),
    ] = None,
    of_class: Annotated[
        str | None, typer.Option("--class", help="Draw this class alone.", metavar="NAME")
    ] = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    threads: o.Threads = None,
    json: o.AsJson = False,
) -> None:
    """Let a model draw rows or pictures, or write on from a prompt, as it has learned to."""
    from netwright.cli.generate import run_generate

    run_generate({k: v for k, v in locals().items() if k != "run_generate"})


@app.command()
def evaluate(
    model: o.ModelPath,
    source: o.Source,
    target: o.Target = None,
    metric: o.Metric = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    threads: o.Threads = None,
    json: o.AsJson = False,
) -> None:
    """Score a trained model on rows whose target is known."""
    from netwright.cli.use import run_evaluate

    run_evaluate(
        model,
        source,
        target=target,
        metric=metric,
        seed=seed,
        device=device,
        threads=threads,
        as_json=json,
    )


@app.command()
def check(
    source: Annotated[
        str,
        typer.Argument(
            help="A file, folder, archive or built-in name; or a training script.",
            metavar="SOURCE|SCRIPT.py",
        ),
    ],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Of a script, after --.", metavar="[ARGS]...")
    ] = None,
    target: o.Target = None,
    task: o.TaskName = None,
    test: o.Test = None,
    out: Annotated[
        str | None, typer.Option(help="Write checks.json into this folder.", metavar="DIR")
    ] = None,
    plan: Annotated[str | None, typer.Option(help="The plan to check.", metavar="FILE")] = None,
    set_: o.Changes = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    threads: o.Threads = None,
    time_column: o.TimeColumn = None,
    group: o.Group = None,
    horizon: o.Horizon = None,
    split: o.SplitBy = None,
    unlabelled: o.Unlabelled = False,
    order: o.Order = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Of a script: stop after so many steps; 60 when left out.", metavar="N"),
    ] = None,
    json: o.AsJson = False,
) -> None:
    """Check data and net, or a training script, before training, in seconds.

    Leaks, labels, scales, shapes, the first loss, gradients, one batch learned by heart. A script
    is run once and stopped after a few steps; what it prints goes to stderr. Exit code 0: all is
    well, or there are warnings only; 10: a check failed; 11: the script did.
    """
    from netwright.cli.check import run_check

    given = {k: v for k, v in locals().items() if k != "run_check"}
    raise typer.Exit(run_check(given))


@app.command("plan")
def plan_(
    source: o.Source,
    target: o.Target = None,
    task: o.TaskName = None,
    test: o.Test = None,
    seed: o.Seed = 0,
    time_column: o.TimeColumn = None,
    group: o.Group = None,
    horizon: o.Horizon = None,
    split: o.SplitBy = None,
    unlabelled: o.Unlabelled = False,
    order: o.Order = None,
    out: Annotated[str | None, typer.Option(help="Write plan.yaml here.", metavar="FILE")] = None,
    json: o.AsJson = False,
) -> None:
    """Show the plan for a source and the reason of every choice; nothing is trained."""
    from netwright.cli.use import run_plan

    read = dict(target=target, task=task, test=test, seed=seed, time_column=time_column)
    read |= dict(group=group, horizon=horizon, split=split, unlabelled=unlabelled)
    read |= dict(order=order)
    run_plan(source, read, out=out, as_json=json)


@app.command(context_settings={"allow_interspersed_args": False})
def doctor(
    script: Annotated[
        list[str] | None,
        typer.Argument(help="SCRIPT.py (or MODULE, or a run folder) and its own arguments."),
    ] = None,
    module: Annotated[bool, typer.Option("-m", help="Run a module, as python -m.")] = False,
    json: Annotated[
        str | None, typer.Option("--json", help="Write the findings here.", metavar="FILE")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Stop after so many optimizer steps.", metavar="N")
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="Keep findings and traces in this folder.", metavar="DIR")
    ] = None,
    sarif: Annotated[
        str | None, typer.Option(help="Write SARIF 2.1.0 here.", metavar="FILE")
    ] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Rerun it with remedies, in a copy, and prove what helps."),
    ] = False,
    seeds: Annotated[int, typer.Option(help="Of the proof, with --fix.", metavar="K")] = 5,
    score: Annotated[
        str | None,
        typer.Option(help="Finds the score in stdout, with --fix.", metavar="REGEX"),
    ] = None,
) -> None:
    """Run a training script once, watched, and say what is wrong with it."""
    from netwright.cli.doctor import Fix, run_doctor

    raise typer.Exit(
        run_doctor(
            script or [],
            is_module=module,
            json_file=json,
            steps=steps,
            out=out,
            sarif_file=sarif,
            fix=Fix(seeds, score) if fix else None,
        )
    )


@app.command()
def nets(json: o.AsJson = False) -> None:
    """List the catalogue of networks."""
    from netwright import catalogue
    from netwright.cli.use import print_names

    print_names(catalogue.titles("netwright.nets"), as_json=json)


@app.command()
def faults(
    fault: Annotated[str | None, typer.Argument(help="A fault's id.", metavar="[ID]")] = None,
    json: o.AsJson = False,
) -> None:
    """List the faults that are named; with an id: its rule, an example, what helps."""
    from netwright.cli.care import print_faults

    print_faults(fault, as_json=json)


@app.command()
def remedies(
    remedy: Annotated[str | None, typer.Argument(help="A remedy's id.", metavar="[ID]")] = None,
    json: o.AsJson = False,
) -> None:
    """List the remedies; with an id: what it does, and what to do in a loop of your own."""
    from netwright.cli.care import print_remedies

    print_remedies(remedy, as_json=json)


@app.command()
def data(json: o.AsJson = False) -> None:
    """List the built-in data sets and the kinds of files and folders that are read."""
    from netwright.cli.use import print_data

    print_data(as_json=json)


if __name__ == "__main__":
    main()
