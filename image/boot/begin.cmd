# The one boot script of Raspberry Pi and QEMU: begin, choose, boot, in this order.
# What differs between boards stands in board.env beside it.
# `mmc read` names no device: it reads the one that was chosen last, which on a Pi 4 was Wi-Fi's.
${devtype} dev ${devnum}
setenv state_0 800
setenv state_1 1000
setexpr scratch ${scriptaddr} + 0x40000
setexpr board_at ${scriptaddr} + 0x50000
if load ${devtype} ${devnum}:${distro_bootpart} ${board_at} ${set_folder}board.env; then
    env import -t ${board_at} ${filesize} kernel_at initrd_at board_args
fi
