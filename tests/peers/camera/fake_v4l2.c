/*
 * A Video4Linux camera at /dev/video0 without hardware: loaded before the C library (LD_PRELOAD),
 * it answers the calls that FFmpeg and appliance/media/capture/v4l2.py make. What it is told:
 *
 *   CAMERA_MODES   "MJPG:320x180:30,15;YUYV:640x480:30"
 *   CAMERA_FILES   folder with the buffers' contents: 0, 1, 2 ..., in turn (not for YUYV)
 *   CAMERA_FAULT   what is wrong with a buffer: error (its flag), empty, zeros, junk, cut
 *   CAMERA_EVERY   every so many buffers have the fault; 0: none
 *   CAMERA_FIRST   the first so many after each start of the stream have it
 *   CAMERA_FROM, CAMERA_UNTIL   all between these two, counted from the first start
 *   CAMERA_OTHER   folder with other contents, for the fault "other"
 *
 * Whoever is in the same process may say otherwise meanwhile: camera_fault, camera_seed. Then there
 * are more faults of a buffer (other, random, short, stamps: see spoil), and those of a device:
 *
 *   gone    pulled out: there is none to open, and whoever has it open gets ENODEV
 *   busy    somebody else has it: EBUSY
 *   silent  open, and no buffer comes
 *   hang    the driver does not come back from a call, until there is another fault, or none
 *
 * A memory file stands for the device, since FFmpeg maps its buffers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "/dev/video0"
#define MAX_MODES 64
#define MAX_FILES 64
#define MAX_BUFFERS 16

struct mode {
	__u32 fourcc;
	unsigned width, height, fps;
};

static struct mode modes[MAX_MODES];
static int mode_count = -1, current;
static unsigned fps;
static int handles[32], handle_count;
static int queue[MAX_BUFFERS], queued, buffer_count, streaming;
static size_t buffer_size;
static unsigned char *buffers;
static long in_stream, in_all;
static double next_at;
struct content {
	unsigned char *bytes;
	size_t size;
};

static struct content contents[MAX_FILES], others[MAX_FILES];
static int content_count, other_count;
static char told_fault[16];
static volatile int is_told, told_every, fault_number;
static unsigned long long seed = 1;
static long spoiled_count, open_count;

/* Every so many buffers from now on have this fault, instead of what the environment says. */
void camera_fault(const char *fault, int every)
{
	strncpy(told_fault, fault, sizeof(told_fault) - 1);
	told_every = every;
	is_told = 1;
	fault_number++;
}

void camera_seed(unsigned long long number)
{
	seed = number;
}

/* Buffers that were given out, those of them with a fault, and how often the device was opened. */
void camera_counts(long *counts)
{
	counts[0] = in_all;
	counts[1] = spoiled_count;
	counts[2] = open_count;
}

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % sides;
}

static int is_fault(const char *fault)
{
	return is_told && !strcmp(told_fault, fault);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? atol(text) : 0;
}

static int read_contents(const char *folder, struct content *found)
{
	char path[512];
	int count;

	for (count = 0; count < MAX_FILES; count++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%d", folder, count);
		file = fopen(path, "rb");
		if (!file)
			break;
		fseek(file, 0, SEEK_END);
		found[count].size = ftell(file);
		rewind(file);
		found[count].bytes = malloc(found[count].size + 1);
		if (fread(found[count].bytes, 1, found[count].size, file) == 0)
			found[count].size = 0;
		fclose(file);
	}
	return count;
}

static void begin(void)
{
	char *all, *line, *outer, *inner;

	if (mode_count >= 0)
		return;
	mode_count = 0;
	all = strdup(getenv("CAMERA_MODES") ? getenv("CAMERA_MODES") : "MJPG:320x180:30");
	for (line = strtok_r(all, ";", &outer); line; line = strtok_r(NULL, ";", &outer)) {
		char fourcc[5] = "", rates[200];
		unsigned width, height;
		char *rate;

		if (sscanf(line, "%4[^:]:%ux%u:%199s", fourcc, &width, &height, rates) != 4)
			continue;
		for (rate = strtok_r(rates, ",", &inner); rate && mode_count < MAX_MODES;
		     rate = strtok_r(NULL, ",", &inner))
			modes[mode_count++] = (struct mode){
				v4l2_fourcc(fourcc[0], fourcc[1], fourcc[2], fourcc[3]),
				width, height, atoi(rate) };
	}
	if (getenv("CAMERA_FILES"))
		content_count = read_contents(getenv("CAMERA_FILES"), contents);
	if (getenv("CAMERA_OTHER"))
		other_count = read_contents(getenv("CAMERA_OTHER"), others);
	fps = modes[0].fps;
}

static int is_ours(int fd)
{
	for (int i = 0; i < handle_count; i++)
		if (handles[i] == fd)
			return 1;
	return 0;
}

static int refuse(int error)
{
	errno = error;
	return -1;
}

static int open_camera(void)
{
	int fd;

	open_count++;
	if (is_fault("gone") || is_fault("busy"))
		return refuse(is_fault("gone") ? ENOENT : EBUSY);
	fd = memfd_create("camera", 0);
	begin();
	if (!is_ours(fd) && handle_count < 32)
		handles[handle_count++] = fd;
	return fd;
}

#define OPEN(name)                                                                   \
	int name(const char *path, int flags, ...)                                   \
	{                                                                            \
		static int (*real)(const char *, int, ...);                          \
		va_list rest;                                                        \
		int permissions;                                                     \
                                                                                     \
		va_start(rest, flags);                                               \
		permissions = va_arg(rest, int);                                     \
		va_end(rest);                                                        \
		if (!strcmp(path, DEVICE))                                           \
			return open_camera();                                        \
		if (!real)                                                           \
			real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
		return real(path, flags, permissions);                               \
	}
OPEN(open)
OPEN(open64)

int close(int fd)
{
	static int (*real)(int);

	for (int i = 0; i < handle_count; i++)
		if (handles[i] == fd)
			handles[i] = handles[--handle_count];
	if (!real)
		real = (int (*)(int))dlsym(RTLD_NEXT, "close");
	return real(fd);
}

static int list_format(struct v4l2_fmtdesc *wanted)
{
	unsigned found = 0;

	if (wanted->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return refuse(EINVAL);
	for (int i = 0; i < mode_count; i++) {
		if (i && modes[i].fourcc == modes[i - 1].fourcc)
			continue;
		if (found++ == wanted->index) {
			wanted->pixelformat = modes[i].fourcc;
			return 0;
		}
	}
	return refuse(EINVAL);
}

static int list_size(struct v4l2_frmsizeenum *wanted)
{
	unsigned found = 0, width = 0, height = 0;

	for (int i = 0; i < mode_count; i++) {
		if (modes[i].fourcc != wanted->pixel_format ||
		    (modes[i].width == width && modes[i].height == height))
			continue;
		width = modes[i].width;
		height = modes[i].height;
		if (found++ == wanted->index) {
			wanted->type = V4L2_FRMSIZE_TYPE_DISCRETE;
			wanted->discrete.width = width;
			wanted->discrete.height = height;
			return 0;
		}
	}
	return refuse(EINVAL);
}

static int list_rate(struct v4l2_frmivalenum *wanted)
{
	unsigned found = 0;

	for (int i = 0; i < mode_count; i++)
		if (modes[i].fourcc == wanted->pixel_format && modes[i].width == wanted->width &&
		    modes[i].height == wanted->height && found++ == wanted->index) {
			wanted->type = V4L2_FRMIVAL_TYPE_DISCRETE;
			wanted->discrete.numerator = 1;
			wanted->discrete.denominator = modes[i].fps;
			return 0;
		}
	return refuse(EINVAL);
}

static int set_format(struct v4l2_format *format, int set)
{
	struct v4l2_pix_format *pix = &format->fmt.pix;

	if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return refuse(EINVAL);
	for (int i = 0; set && i < mode_count; i++)
		if (modes[i].fourcc == pix->pixelformat && modes[i].width == pix->width &&
		    modes[i].height == pix->height)
			current = i;
	memset(pix, 0, sizeof(*pix));
	pix->width = modes[current].width;
	pix->height = modes[current].height;
	pix->pixelformat = modes[current].fourcc;
	pix->field = V4L2_FIELD_NONE;
	pix->sizeimage = pix->width * pix->height * 2;
	pix->bytesperline = pix->pixelformat == V4L2_PIX_FMT_YUYV ? pix->width * 2 : 0;
	pix->colorspace = V4L2_COLORSPACE_SRGB;
	return 0;
}

static int set_rate(struct v4l2_streamparm *parameters, int set)
{
	struct v4l2_fract *interval = &parameters->parm.capture.timeperframe;

	if (set && interval->numerator)
		fps = interval->denominator / interval->numerator;
	parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
	interval->numerator = 1;
	interval->denominator = fps;
	return 0;
}

static int make_buffers(int fd, struct v4l2_requestbuffers *request)
{
	if (request->memory != V4L2_MEMORY_MMAP)
		return refuse(EINVAL);
	if (request->count > MAX_BUFFERS)
		request->count = MAX_BUFFERS;
	buffer_count = request->count;
	buffer_size = (modes[current].width * modes[current].height * 2 + 4095) & ~4095ul;
	queued = 0;
	if (buffer_count) {
		if (ftruncate(fd, buffer_size * buffer_count))
			return -1;
		buffers = mmap(NULL, buffer_size * buffer_count, PROT_READ | PROT_WRITE,
			       MAP_SHARED, fd, 0);
	}
	return 0;
}

static size_t put(unsigned char *data, const struct content *content)
{
	size_t size = content->size < buffer_size ? content->size : buffer_size;

	memcpy(data, content->bytes, size);
	return size;
}

/* Fills the buffer; returns how many bytes of it are used. */
static size_t fill(unsigned char *data)
{
	size_t size;

	if (modes[current].fourcc == V4L2_PIX_FMT_YUYV || !content_count) {
		size = (size_t)modes[current].width * modes[current].height * 2;
		memset(data, 60 + in_stream * 4 % 128, size);
		return size;
	}
	return put(data, &contents[in_stream % content_count]);
}

static int has_fault(void)
{
	long every = number("CAMERA_EVERY"), until = number("CAMERA_UNTIL");

	if (is_told)
		return told_every && in_all % told_every == 0;
	return (every && in_stream % every == every - 1) || in_stream < number("CAMERA_FIRST") ||
	       (in_all >= number("CAMERA_FROM") && in_all < until);
}

/* A clock that is another's, that stands, or that jumps; no driver's is ever beyond its range. */
static double odd_time(double at)
{
	double times[] = { 0.0, 1e-6, at - 3600.0, at - 1.0, at + 1.0, at + 86400.0, 4e9, 1e15 };

	return times[dice(sizeof(times) / sizeof(*times))];
}

static void spoil(const char *fault, unsigned char *data, size_t *size, struct v4l2_buffer *buffer)
{
	spoiled_count++;
	if (!strcmp(fault, "error"))
		buffer->flags |= V4L2_BUF_FLAG_ERROR;
	else if (!strcmp(fault, "empty"))
		*size = 0;
	else if (!strcmp(fault, "zeros"))
		memset(data, 0, *size);
	else if (!strcmp(fault, "junk"))
		for (size_t i = 0; i < *size; i++)
			data[i] = (unsigned char)(i * 73 + 11) & 0x7f;
	else if (!strcmp(fault, "cut"))
		*size /= 2;
	else if (!strcmp(fault, "short"))
		*size = dice(*size + 1);
	else if (!strcmp(fault, "long"))  /* of the last picture something is left behind this one */
		*size = buffer_size;
	else if (!strcmp(fault, "random"))
		for (unsigned n = 1 + dice(40); n && *size; n--)
			data[dice(*size)] = dice(256);
	else if (!strcmp(fault, "other") && other_count)
		*size = put(data, &others[dice(other_count)]);
}

static int take_buffer(struct v4l2_buffer *buffer)
{
	int index = queue[0];
	unsigned char *data = buffers + index * buffer_size;
	size_t size;
	double at = now(), stamp = at;
	const char *fault = is_told ? told_fault : getenv("CAMERA_FAULT");

	if (!streaming || !queued || at < next_at || is_fault("silent"))
		return refuse(EAGAIN);
	memmove(queue, queue + 1, sizeof(*queue) * --queued);
	next_at = next_at + 1.0 / fps < at - 0.5 ? at : next_at + 1.0 / fps;
	size = fill(data);
	buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	if (fault && *fault && has_fault()) {
		spoil(fault, data, &size, buffer);
		stamp = strcmp(fault, "stamps") ? at : odd_time(at);
	}
	in_stream++;
	in_all++;
	buffer->index = index;
	buffer->bytesused = size;
	buffer->length = buffer_size;
	buffer->field = V4L2_FIELD_NONE;
	buffer->timestamp.tv_sec = (long)stamp;
	buffer->timestamp.tv_usec = (long)((stamp - (long)stamp) * 1e6);
	return 0;
}

static int answer(int fd, unsigned long request, void *argument)
{
	struct v4l2_capability *capability = argument;
	struct v4l2_buffer *buffer = argument;
	struct v4l2_input *input = argument;

	if (is_fault("hang"))
		for (int fault = fault_number; fault == fault_number;)
			usleep(10000);
	if (is_fault("gone"))
		return refuse(ENODEV);
	switch ((__u32)request) {
	case VIDIOC_QUERYCAP:
		memset(capability, 0, sizeof(*capability));
		strcpy((char *)capability->driver, "uvcvideo");
		strcpy((char *)capability->card, "Fake camera");
		capability->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
		capability->capabilities = capability->device_caps | V4L2_CAP_DEVICE_CAPS;
		return 0;
	case VIDIOC_ENUM_FMT:
		return list_format(argument);
	case VIDIOC_ENUM_FRAMESIZES:
		return list_size(argument);
	case VIDIOC_ENUM_FRAMEINTERVALS:
		return list_rate(argument);
	case VIDIOC_G_FMT:
		return set_format(argument, 0);
	case VIDIOC_TRY_FMT:
	case VIDIOC_S_FMT:
		return set_format(argument, 1);
	case VIDIOC_G_PARM:
		return set_rate(argument, 0);
	case VIDIOC_S_PARM:
		return set_rate(argument, 1);
	case VIDIOC_G_INPUT:
		*(int *)argument = 0;
		return 0;
	case VIDIOC_S_INPUT:
		return 0;
	case VIDIOC_ENUMINPUT:
		if (input->index)
			return refuse(EINVAL);
		memset(input, 0, sizeof(*input));
		input->type = V4L2_INPUT_TYPE_CAMERA;
		return 0;
	case VIDIOC_REQBUFS:
		return make_buffers(fd, argument);
	case VIDIOC_QUERYBUF:
		buffer->length = buffer_size;
		buffer->m.offset = buffer->index * buffer_size;
		return 0;
	case VIDIOC_QBUF:
		if (queued < MAX_BUFFERS)
			queue[queued++] = buffer->index;
		return 0;
	case VIDIOC_STREAMON:
		streaming = 1;
		in_stream = 0;
		next_at = now() + 0.05;
		return 0;
	case VIDIOC_STREAMOFF:
		streaming = queued = 0;
		return 0;
	case VIDIOC_DQBUF:
		return take_buffer(argument);
	}
	return refuse(ENOTTY);
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list rest;
	void *argument;

	va_start(rest, request);
	argument = va_arg(rest, void *);
	va_end(rest);
	if ((request >> 8 & 255) == 'V' && is_ours(fd))
		return answer(fd, request, argument);
	if (!real)
		real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	return real(fd, request, argument);
}
