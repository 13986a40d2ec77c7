"""Containers of rust."""


def install():
    pass
