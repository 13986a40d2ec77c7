"""Containers of libcxx."""


def install():
    pass
