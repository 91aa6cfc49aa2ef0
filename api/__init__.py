"""Porchlight: help centre and support desk for people who work in other people's homes."""

__version__ = "0.1.0"
