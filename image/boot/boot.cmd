# Loads the chosen slot: header, kernel and initramfs lie at its beginning, whole or not at all.
if test "${slot}" = A; then
    setenv slot_partition 2
else
    setenv slot_partition 3
fi
part start ${devtype} ${devnum} ${slot_partition} slot_start
if ${devtype} read ${scratch} 0x${slot_start} 8 && env import -c ${scratch} 0x1000 kernel_sector kernel_sectors kernel_size kernel_crc kernel_crc_swapped initrd_sector initrd_sectors initrd_size initrd_crc initrd_crc_swapped root_args version; then
    setexpr kernel_start ${slot_start} + ${kernel_sector}
    setexpr initrd_start ${slot_start} + ${initrd_sector}
    ${devtype} read ${kernel_at} 0x${kernel_start} 0x${kernel_sectors}
    ${devtype} read ${initrd_at} 0x${initrd_start} 0x${initrd_sectors}
    crc32 ${kernel_at} ${kernel_size} ${scratch}
    setexpr.l kernel_found *${scratch}
    crc32 ${initrd_at} ${initrd_size} ${scratch}
    setexpr.l initrd_found *${scratch}
    # The Pi's U-Boot leaves a sum's last byte first in memory, QEMU's its first.
    setenv whole
    if test 0x${kernel_found} -eq 0x${kernel_crc} || test 0x${kernel_found} -eq 0x${kernel_crc_swapped}; then
        if test 0x${initrd_found} -eq 0x${initrd_crc} || test 0x${initrd_found} -eq 0x${initrd_crc_swapped}; then
            setenv whole yes
        fi
    fi
    if test "${whole}" = yes; then
        setenv bootargs "${board_args} rauc.slot=${slot} diemcau.slot=${slot_partition} ${root_args} ro quiet panic=10 panic_on_oops=1 oops=panic"
        echo "diemcau: slot ${slot} version ${version}"
        booti ${kernel_at} ${initrd_at}:${initrd_size} ${fdt_addr}
    fi
fi
echo "diemcau: slot ${slot} cannot be booted"
sleep 1
reset
