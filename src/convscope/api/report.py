"""``report``: figures and page of a run, made again without training."""

from pathlib import Path

from ..figures.parallel import EVERY_OTHER, SecondProcess
from ..page.write import write_page, write_report
from ..runs import run_folder, store
from ..runs.evidence import ensure_evidence
from ..runs.record import RunRecord
from ..system.arguments import checked
from ..types import PathLike
from .output import check_output, is_own_page, out_was_output
from .run import Run, dataset_in_memory


@out_was_output
@checked
def report(run: PathLike | Run, *, out: PathLike | None = None, overwrite: bool = False) -> Path:
    """Write figures and page of a run again, without training and without a back-end.

    A run that was trained without a report reads its dataset once more for the images on the page. If the data cannot be
    found any more, the page is written without them and gives the reason.

    Args:
        run: A run, or its folder.
        out: A file for the page alone; by default figures and page go into the run folder.
        overwrite: Whether ``out`` may be replaced; a page of convscope's is in any case.

    Returns:
        The path of the page.

    Raises:
        RunError: The run folder is damaged.
        OutputError: The page cannot be written, or ``out`` exists and may not be replaced.
    """
    folder = run_folder.verify(run)

    def read() -> RunRecord:
        record = ensure_evidence(store.load_record(folder), folder, dataset_in_memory(run))
        store.refuse_other_run(record, folder)
        return record

    if out is not None:
        page = check_output(out, overwrite=is_own_page(Path(out)) or overwrite, inputs=[run])
        write_page(read(), page)
        return page
    # Locked before anything is read: both processes draw the same run, with what other commands have measured.
    with run_folder.updating_report(folder), SecondProcess(folder, EVERY_OTHER) as second:
        return write_report(read(), folder, second)
