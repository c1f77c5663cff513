"""How a run is: its health, its counts, the state of the board. For machines that watch it."""

from importlib import resources

_SHIPPED = {"alerts": "alerts.yml", "dashboard": "dashboard.json"}


def shipped(what: str) -> str:
    """Return what comes with edge-emo for Prometheus ("alerts") or Grafana ("dashboard")."""
    return resources.files(__package__).joinpath(_SHIPPED[what]).read_text(encoding="utf-8")
