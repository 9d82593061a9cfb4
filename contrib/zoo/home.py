"""Where the zoo keeps what it makes or downloads: the same folder as the engine's."""

from engine.home import home

__all__ = ["home"]
