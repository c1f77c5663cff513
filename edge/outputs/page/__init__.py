"""A page in the browser that shows the run live, and answers to machines that watch it.

`page.Page` is the output; only where it is asked for are `aiohttp` and `prometheus_client` needed.
"""
