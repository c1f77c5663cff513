"""The systemd service: installation and removal."""
