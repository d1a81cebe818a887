"""The end of a process whose memory is used up in a thread of TensorFlow: nothing catches the C++ exception there, and no Python could."""

import contextlib
import ctypes
import os

from tfgan.faults import NO_MEMORY

BAD_ALLOC = b"St9bad_alloc"  # std::bad_alloc, as the C++ ABI of Linux and macOS writes its name

_kept: list = []  # what C++ calls must not be collected


def end_in_words():
    """Makes an uncaught `std::bad_alloc` end the process with the line and the exit code that used-up memory has elsewhere; to be called
    once TensorFlow is loaded. Other uncaught exceptions end it as before, and so do all where the C++ library is another one than GCC's."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libstdc++.so.6", os.RTLD_NOLOAD | os.RTLD_LAZY)  # the one that TensorFlow has loaded, no other
        set_terminate, current = library._ZSt13set_terminatePFvvE, library.__cxa_current_exception_type
        set_terminate.argtypes, set_terminate.restype = [ctypes.c_void_p], ctypes.c_void_p
        current.restype = ctypes.POINTER(ctypes.c_void_p * 2)  # std::type_info: where its functions are, and its name
        handler = ctypes.CFUNCTYPE(None)

        def end():
            found = current()
            if found and ctypes.string_at(found.contents[1]) == BAD_ALLOC:
                os.write(2, f"stopped: {NO_MEMORY}\n".encode())
                os._exit(1)
            earlier()

        ours = handler(end)
        earlier = handler(set_terminate(ctypes.cast(ours, ctypes.c_void_p)))
        _kept.extend((ours, earlier))
