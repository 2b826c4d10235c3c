"""Hosts of files on loopback: good ones, slow ones, and those that mean harm."""

from tests.web_server.server import Reply, WebServer, picture

__all__ = ["Reply", "WebServer", "picture"]
