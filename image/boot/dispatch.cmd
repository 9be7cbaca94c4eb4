# boot.scr of the topmost folder, which U-Boot looks for: goes on with the script of the set in force.
# The firmware says in the tree by which prefix it took U-Boot itself (config.txt: os_prefix).
setenv os_prefix
fdt addr ${fdt_addr}
fdt get value os_prefix /chosen os_prefix
setexpr script_at ${scriptaddr} + 0x60000
setenv set_folder ${os_prefix}
if test -n "${os_prefix}" && load ${devtype} ${devnum}:${distro_bootpart} ${script_at} ${os_prefix}boot.scr; then
    source ${script_at}
fi
setenv set_folder
if load ${devtype} ${devnum}:${distro_bootpart} ${script_at} boot-0.scr; then
    source ${script_at}
fi
# The flashed script is damaged: any other that is left.
for set_folder in a/ b/; do
    if load ${devtype} ${devnum}:${distro_bootpart} ${script_at} ${set_folder}boot.scr; then
        source ${script_at}
    fi
done
reset
