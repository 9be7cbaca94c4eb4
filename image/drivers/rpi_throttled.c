// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attribute get_throttled of the Raspberry Pi's firmware device: what slows the processor now.
 *
 * The firmware lowers the clock behind cpufreq's back (raspberrypi/linux #2986, #5874): no attribute of
 * a mainline kernel shows it. Raspberry Pi's own kernel has this attribute at the same device, in
 * hexadecimal: bits 0 to 3 are the present state, bits 16 to 19 what was since somebody cleared them,
 * which raspberrypi-hwmon does every two seconds.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <soc/bcm2835/raspberrypi-firmware.h>

static struct rpi_firmware *firmware;
static struct platform_device *device;

static ssize_t get_throttled_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	u32 bits = 0; /* asks, and clears nothing */
	int error = rpi_firmware_property(firmware, RPI_FIRMWARE_GET_THROTTLED, &bits, sizeof(bits));

	return error ? error : sysfs_emit(buf, "%x\n", bits);
}
static DEVICE_ATTR_RO(get_throttled);

static int __init rpi_throttled_init(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "raspberrypi,bcm2835-firmware");
	int error = -ENODEV;

	if (!node)
		return error;
	device = of_find_device_by_node(node);
	firmware = rpi_firmware_get(node);
	of_node_put(node);
	if (device && firmware)
		error = device_create_file(&device->dev, &dev_attr_get_throttled);
	if (error) {
		if (firmware)
			rpi_firmware_put(firmware);
		if (device)
			platform_device_put(device);
	}
	return error;
}
module_init(rpi_throttled_init);

static void __exit rpi_throttled_exit(void)
{
	device_remove_file(&device->dev, &dev_attr_get_throttled);
	rpi_firmware_put(firmware);
	platform_device_put(device);
}
module_exit(rpi_throttled_exit);

MODULE_DESCRIPTION("What slows a Raspberry Pi's processor, as its firmware says");
MODULE_LICENSE("GPL");
/* The device that the firmware's driver makes where the firmware can be asked: loaded beside its own. */
MODULE_ALIAS("platform:raspberrypi-hwmon");
