"""Speech synthesis by espeak-ng, through the library that the package espeakng-loader carries."""

from __future__ import annotations

import ctypes
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from zoo_core.errors import DataError

# espeak's speak_lib.h: AUDIO_OUTPUT_SYNCHRONOUS, espeakINITIALIZE_DONT_EXIT, espeakCHARS_UTF8, the parameters' numbers
_SYNCHRONOUS, _DONT_EXIT, _UTF8 = 2, 0x8000, 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """A synthesiser in its first state: `with Espeak() as espeak: samples = espeak.say("yes", "en-us+f2")`.

    The library keeps the phase of its oscillators and its noise from one utterance to the next, in variables that
    nothing resets. So that the same calls give the same samples, each object loads a copy of the library of its own.

    Attributes:
        rate: samples a second of what it says.

    Raises:
        DataError: espeakng-loader is not installed, or its library does not start.
    """

    def __init__(self) -> None:
        library, data = _files()
        self._folder = tempfile.TemporaryDirectory(prefix="espeak-")
        self._library = ctypes.CDLL(shutil.copy(library, self._folder.name))
        self._parts: list[np.ndarray] = []
        self._callback = _Callback(self._take)
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, str(data).encode(), _DONT_EXIT)
        if self.rate <= 0:
            raise DataError(f"espeak-ng did not start with its data in {data} (error {self.rate}).")
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))

    def say(self, text: str, voice: str, speed: int = 170, pitch: int = 50, pitch_range: int = 50) -> np.ndarray:
        """`text` spoken.

        Args:
            text: what is said.
            voice: a language, with a variant behind a plus: "en-gb-scotland+f3".
            speed: words a minute, 80 to 450.
            pitch, pitch_range: 0 to 100.

        Returns:
            int16 [samples], at `rate`.

        Raises:
            DataError: espeak-ng has no such voice, or said nothing.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise DataError(f"espeak-ng has no voice '{voice}'.")
        for number, value in ((_RATE, speed), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(number, value, 0)
        self._parts.clear()
        words = text.encode()
        self._library.espeak_Synth(words, ctypes.c_size_t(len(words) + 1), 0, 0, 0, _UTF8, None, None)
        if not self._parts:
            raise DataError(f"espeak-ng said nothing for '{text}' in voice '{voice}'.")
        return np.concatenate(self._parts)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        """Called by the library with each piece of sound. Returns 0: go on."""
        if samples and count > 0:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def __enter__(self) -> Espeak:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.espeak_Terminate()
        self._folder.cleanup()


def _files() -> tuple[Path, Path]:
    """(the shared library, the folder of its data)."""
    try:
        import espeakng_loader
    except ModuleNotFoundError as error:
        raise DataError(
            "words are spoken by espeak-ng, which the package espeakng-loader carries: pip install espeakng-loader"
        ) from error
    return Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
