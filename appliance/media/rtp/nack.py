"""Lists of lost packets as aiortc can write them."""


def rising(sequences: list[int]) -> list[list[int]]:
    """The numbers in runs that only rise, one for each NACK packet (RFC 4585 section 6.2.1).

    aiortc 1.16 raises ValueError where the numbers begin anew at 65536 within one packet; a single
    loss at that point would end the call.
    """
    runs: list[list[int]] = []
    for sequence in sequences:
        if runs and sequence > runs[-1][-1]:
            runs[-1].append(sequence)
        else:
            runs.append([sequence])
    return runs
