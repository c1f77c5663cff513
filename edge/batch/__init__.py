"""Recordings by the hundred: folders of videos and images to tables, with resume, shards and a report."""
