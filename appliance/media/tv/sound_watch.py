"""Decides when the TV's process must begin anew to be heard: another socket, or a late card.

ALSA's library looks for the cards once in a process: one that began before a card was there stays
silent on it until it ends, however often its stream is opened again.
"""

from hardware.vitals.tv_sound import SoundPath

SILENT_S = 30.0
"""So long nothing sounds before a late card is taken for the reason; VLC itself tries every 5 s."""


class SoundWatch:
    """Watches over one child process, which began with `path`."""

    def __init__(self, path: SoundPath) -> None:
        self._began = path

    def restart_reason(self, path: SoundPath, silent_s: float) -> str:
        """Why the child must end, for the journal; "" while it may go on.

        `path` is where the sound belongs now, `silent_s` for how many seconds nothing was played.
        """
        if path.device != self._began.device:
            return f"the TV's sound moved to {path.device or 'the default card'}"
        late = path.cards - self._began.cards
        if late and silent_s >= SILENT_S:
            names = ", ".join(sorted(late))
            return f"silent for {silent_s:.0f} s, and a sound card came late: {names}"
        return ""
