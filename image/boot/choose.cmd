# Chooses the slot: three attempts each, counted before the slot is given a chance.
# Wants: devtype, devnum, state_0, state_1 (sectors, hex), scratch (1 KiB of memory), each set.
# Gives: slot, A or B. The state is one sector in two copies; the older one is overwritten, so that
# a power cut leaves one whole. services/slots/state.py reads and writes the same.
setenv slot
setenv newest
setenv BOOT_SEQ 0
setexpr scratch_1 ${scratch} + 0x200
if ${devtype} read ${scratch} 0x${state_0} 1 && env import -c ${scratch} 0x200 BOOT_SEQ; then
    setenv newest 0
    setenv seq_0 ${BOOT_SEQ}
fi
if ${devtype} read ${scratch_1} 0x${state_1} 1 && env import -c ${scratch_1} 0x200 BOOT_SEQ; then
    if test -z "${newest}" || test 0x${BOOT_SEQ} -gt 0x${seq_0}; then
        setenv newest 1
    fi
fi
if test "${newest}" = 0; then
    env import -c ${scratch} 0x200 BOOT_SEQ BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
    setenv state_next ${state_1}
elif test "${newest}" = 1; then
    env import -c ${scratch_1} 0x200 BOOT_SEQ BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
    setenv state_next ${state_0}
else
    # Both copies are gone, or the card is new.
    setenv BOOT_SEQ 0
    setenv BOOT_ORDER A B
    setenv BOOT_A_LEFT 3
    setenv BOOT_B_LEFT 3
    setenv state_next ${state_0}
fi
if test 0x${BOOT_A_LEFT} -lt 1 && test 0x${BOOT_B_LEFT} -lt 1; then
    # Neither is known to be good: both are tried anew, for as long as it takes.
    setenv BOOT_A_LEFT 3
    setenv BOOT_B_LEFT 3
fi
for candidate in ${BOOT_ORDER}; do
    if test -z "${slot}" && test "${candidate}" = A && test 0x${BOOT_A_LEFT} -gt 0; then
        setenv slot A
        setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
    fi
    if test -z "${slot}" && test "${candidate}" = B && test 0x${BOOT_B_LEFT} -gt 0; then
        setenv slot B
        setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
    fi
done
setexpr BOOT_SEQ ${BOOT_SEQ} + 1
env export -c -s 0x200 ${scratch} BOOT_SEQ BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
# A card that has turned read-only takes no count and boots all the same.
${devtype} write ${scratch} 0x${state_next} 1
