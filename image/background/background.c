/* Shows one picture behind all else: the compositor's first window, of whatever size the TV has.
 *
 * usage: diemcau-background PICTURE    a binary PPM (P6, 255 levels)
 *
 * A client of Wayland itself (wl_shm, xdg-shell), drawn anew whenever the compositor gives it another
 * size. An X program that looked at the screen once, as it began, had no picture for a TV that was off
 * at power-on, and stayed so; and one that is started again later lies above the meeting, since the
 * window that came last is on top. It ends with the compositor.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <wayland-client.h>

#include "xdg-shell-client-protocol.h"

enum { MAX_SIDE = 8192, LEVELS = 255, FRACTION = 256 };

static struct wl_compositor *compositor;
static struct wl_shm *shm;
static struct xdg_wm_base *wm_base;
static struct wl_surface *surface;
/* The picture: rows of XRGB8888, and the size that the compositor asked for last. */
static uint32_t *picture;
static int picture_width, picture_height, asked_width, asked_height, shown_width, shown_height;
static int closed;

static void fail(const char *why) {
	fprintf(stderr, "diemcau-background: %s\n", why);
	exit(1);
}

/* The next number of a PPM's head; a line that begins with # is a comment. */
static int number(FILE *file) {
	int letter, value = 0, digits = 0;
	while ((letter = fgetc(file)) != EOF) {
		if (letter == '#') {
			while ((letter = fgetc(file)) != EOF && letter != '\n') {
			}
		} else if (letter >= '0' && letter <= '9' && ++digits <= 5) {
			value = value * 10 + letter - '0';
		} else if (digits > 0 || (letter != ' ' && letter != '\n')) {
			break;
		}
	}
	return digits > 0 && digits <= 5 ? value : -1;
}

static void read_picture(const char *path) {
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail("the picture cannot be opened");
	if (fgetc(file) != 'P' || fgetc(file) != '6')
		fail("the picture is no binary PPM");
	picture_width = number(file);
	picture_height = number(file);
	if (picture_width < 1 || picture_width > MAX_SIDE || picture_height < 1 || picture_height > MAX_SIDE ||
	    number(file) != LEVELS)
		fail("the picture's size or depth is not one to show");
	size_t points = (size_t)picture_width * picture_height;
	uint8_t *colours = malloc(points * 3);
	picture = malloc(points * 4);
	if (colours == NULL || picture == NULL)
		fail("no memory for the picture");
	if (fread(colours, 3, points, file) != points)
		fail("the picture is cut off");
	for (size_t at = 0; at < points; at++)
		picture[at] = colours[3 * at] << 16 | colours[3 * at + 1] << 8 | colours[3 * at + 2];
	free(colours);
	fclose(file);
}

/* Two colours, mixed: `share` 256ths of the second. */
static uint32_t mixed(uint32_t one, uint32_t other, uint32_t share) {
	uint32_t red_blue = ((one & 0xff00ff) * (FRACTION - share) + (other & 0xff00ff) * share) >> 8;
	uint32_t green = ((one & 0x00ff00) * (FRACTION - share) + (other & 0x00ff00) * share) >> 8;
	return (red_blue & 0xff00ff) | (green & 0x00ff00);
}

/* Where point `at` of `count` lies among `of` points, in 256ths and within them. */
static int64_t source(int at, int count, int of) {
	int64_t found = ((2 * (int64_t)at + 1) * of * FRACTION / count - FRACTION) / 2;
	int64_t last = (int64_t)(of - 1) * FRACTION;
	return found < 0 ? 0 : found > last ? last : found;
}

/* The picture as large as it fits into the middle, on black. */
static void draw(uint32_t *points, int width, int height) {
	int wide = width, high = (int)((int64_t)picture_height * width / picture_width);
	if (high > height) {
		high = height;
		wide = (int)((int64_t)picture_width * height / picture_height);
	}
	int left = (width - wide) / 2, top = (height - high) / 2;
	memset(points, 0, (size_t)width * height * 4);
	for (int y = 0; y < high; y++) {
		int64_t row = source(y, high, picture_height);
		const uint32_t *above = picture + row / FRACTION * picture_width;
		const uint32_t *below = row / FRACTION + 1 < picture_height ? above + picture_width : above;
		uint32_t *line = points + (size_t)(top + y) * width + left;
		for (int x = 0; x < wide; x++) {
			int64_t column = source(x, wide, picture_width);
			int one = (int)(column / FRACTION), next = one + 1 < picture_width ? one + 1 : one;
			uint32_t share = column % FRACTION;
			line[x] = mixed(mixed(above[one], above[next], share), mixed(below[one], below[next], share),
					row % FRACTION);
		}
	}
}

static void on_release(void *data, struct wl_buffer *buffer) {
	(void)data;
	wl_buffer_destroy(buffer);
}

static const struct wl_buffer_listener buffer_listener = {.release = on_release};

static void show(void) {
	int width = asked_width > 0 ? asked_width : picture_width;
	int height = asked_height > 0 ? asked_height : picture_height;
	if (width == shown_width && height == shown_height)
		return;
	if (width > MAX_SIDE || height > MAX_SIDE)
		fail("the TV is larger than anything known");
	int stride = width * 4, size = stride * height;
	int file = memfd_create("background", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, size) < 0)
		fail("no memory for the TV's picture");
	uint32_t *points = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (points == MAP_FAILED)
		fail("the TV's picture cannot be mapped");
	draw(points, width, height);
	munmap(points, size);
	struct wl_shm_pool *pool = wl_shm_create_pool(shm, file, size);
	struct wl_buffer *buffer = wl_shm_pool_create_buffer(pool, 0, width, height, stride, WL_SHM_FORMAT_XRGB8888);
	wl_buffer_add_listener(buffer, &buffer_listener, NULL);
	wl_shm_pool_destroy(pool);
	close(file);
	wl_surface_attach(surface, buffer, 0, 0);
	wl_surface_damage_buffer(surface, 0, 0, width, height);
	shown_width = width;
	shown_height = height;
}

/* The compositor starts Xwayland when the first X client connects, which then waits for it: seconds before
 * the endpoint's picture. So it is started while the settings are read. The server hangs up on a client
 * that says nothing for a minute, and ends where no other came: the next one has it started anew. */
static void start_xwayland(void) {
	static int asked;
	const char *display = getenv("DISPLAY");
	if (asked || display == NULL || display[0] != ':')
		return;
	asked = 1;
	struct sockaddr_un place = {.sun_family = AF_UNIX};
	snprintf(place.sun_path, sizeof place.sun_path, "/tmp/.X11-unix/X%d", atoi(display + 1));
	int line = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (line < 0 || connect(line, (struct sockaddr *)&place, sizeof place) < 0)
		fprintf(stderr, "diemcau-background: Xwayland starts with its first client: %m\n");
}

static void on_surface_configure(void *data, struct xdg_surface *xdg_surface, uint32_t serial) {
	(void)data;
	xdg_surface_ack_configure(xdg_surface, serial);
	show();
	wl_surface_commit(surface);
	start_xwayland();
}

static const struct xdg_surface_listener surface_listener = {.configure = on_surface_configure};

static void on_configure(void *data, struct xdg_toplevel *toplevel, int32_t width, int32_t height,
			 struct wl_array *states) {
	(void)data, (void)toplevel, (void)states;
	/* Without any TV the size is 0: what was shown stays. */
	if (width > 0 && height > 0) {
		asked_width = width;
		asked_height = height;
	}
}

static void on_close(void *data, struct xdg_toplevel *toplevel) {
	(void)data, (void)toplevel;
	closed = 1;
}

static const struct xdg_toplevel_listener toplevel_listener = {.configure = on_configure, .close = on_close};

static void on_ping(void *data, struct xdg_wm_base *base, uint32_t serial) {
	(void)data;
	xdg_wm_base_pong(base, serial);
}

static const struct xdg_wm_base_listener base_listener = {.ping = on_ping};

static void on_global(void *data, struct wl_registry *registry, uint32_t name, const char *interface,
		      uint32_t version) {
	(void)data, (void)version;
	if (strcmp(interface, wl_compositor_interface.name) == 0)
		compositor = wl_registry_bind(registry, name, &wl_compositor_interface, 4);
	else if (strcmp(interface, wl_shm_interface.name) == 0)
		shm = wl_registry_bind(registry, name, &wl_shm_interface, 1);
	else if (strcmp(interface, xdg_wm_base_interface.name) == 0)
		wm_base = wl_registry_bind(registry, name, &xdg_wm_base_interface, 1);
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
	(void)data, (void)registry, (void)name;
}

static const struct wl_registry_listener registry_listener = {.global = on_global,
							      .global_remove = on_global_remove};

int main(int count, char **words) {
	if (count != 2)
		fail("usage: diemcau-background PICTURE");
	read_picture(words[1]);
	struct wl_display *display = wl_display_connect(NULL);
	if (display == NULL)
		fail("no compositor");
	wl_registry_add_listener(wl_display_get_registry(display), &registry_listener, NULL);
	wl_display_roundtrip(display);
	if (compositor == NULL || shm == NULL || wm_base == NULL)
		fail("the compositor lacks wl_compositor 4, wl_shm or xdg_wm_base");
	xdg_wm_base_add_listener(wm_base, &base_listener, NULL);
	surface = wl_compositor_create_surface(compositor);
	struct xdg_surface *xdg_surface = xdg_wm_base_get_xdg_surface(wm_base, surface);
	xdg_surface_add_listener(xdg_surface, &surface_listener, NULL);
	struct xdg_toplevel *toplevel = xdg_surface_get_toplevel(xdg_surface);
	xdg_toplevel_add_listener(toplevel, &toplevel_listener, NULL);
	xdg_toplevel_set_title(toplevel, "diemcau-background");
	wl_surface_commit(surface);
	while (!closed && wl_display_dispatch(display) >= 0) {
	}
	return closed ? 0 : 1;
}
