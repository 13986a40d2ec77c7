"""Says once of each source of the program that a stop is in that it is not where the debug info says."""
import os

import gdb

from . import frames, raising

said = set()


def on_stop(event):
    try:
        frame = gdb.selected_frame()
        file = raising.file_of(frame)
        if not file or file in said or os.path.exists(file) or not frames.is_guest(frame):
            return
        said.add(file)
        if not raising.is_of_library(frame.name() or "", file):
            print("%s is not there: `dwalin gdb --map-path FROM=TO` says where sources are that were compiled elsewhere" % file)
    except gdb.error:
        pass  # There is no frame that could be said something of.


def install():
    gdb.events.stop.connect(on_stop)
