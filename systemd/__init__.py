"""What the service needs on a device: data only, installed as `edge.systemd`."""
