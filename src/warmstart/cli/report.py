"""warmstart report"""

from warmstart.messages import _


def report(run: str, *, out: str | None = None) -> None:
    """Write the report of RUN as one HTML file, which needs no network: verdict, scores, curves, mistakes.

    `warmstart train` writes it too, as report.html in the run's folder. It is in your language (WARMSTART_LANG), light
    or dark, and can be printed. Charts need `pip install 'warmstart[report]'`.

    Examples:

        warmstart report runs/reviews-1
        warmstart report runs/reviews-1 --out reviews.html

    Parameters
    ----------
    run
        The run's folder.
    out
        The file; by default report.html in the run's folder.
    """
    from warmstart.cli.resume import known_run
    from warmstart.cli.show import say
    from warmstart.paths import expanded
    from warmstart.runs.pages import write_page

    written = write_page(known_run(run), expanded(out) if out else None)
    say(_("the report is in {file}").format(file=written))
