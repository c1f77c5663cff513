"""Publish the service's records by MQTT, for other systems and Home Assistant.

A process of its own: the camera's process has no network, this one no camera. See `Publisher`.
"""
