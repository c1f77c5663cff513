"""`edge-emo doctor`: is this machine ready, and if not, what to do."""

import dataclasses
import json

import click

from ..support.errors import DoctorError
from . import verbose_option

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command("doctor", short_help="Check that this machine is ready.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@verbose_option
def command(as_json: bool) -> None:
    """Check whether this machine is ready, and say what to do.

    Looks at the system, the interpreter, the detector, cameras, power, disk and clock.

    The exit status is 1 if a check failed.

    \b
    Examples:
      edge-emo doctor
      edge-emo doctor --json
    """
    from ..doctor.checks import FAIL, examine

    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            mark = click.style(f"{finding.state:<5}", fg=_COLORS[finding.state])
            click.echo(f"{mark}{finding.check:<12}{finding.said}")
            if finding.mend:
                click.echo(f"{'':<17}-> {finding.mend}")
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(f) for f in findings], indent=1))
    if failed := [f.check for f in findings if f.state == FAIL]:
        raise DoctorError(f"not ready: {', '.join(dict.fromkeys(failed))}; see the lines above")
