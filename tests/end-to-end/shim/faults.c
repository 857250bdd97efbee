/* A disk that is slow or fails and a clock that is wrong, for one process, by preloading. A control file, mapped shared, says
 * what is wrong at the moment; whoever writes it changes that at once. Its layout is in src/trial/shim.rs. Calls go on
 * to the next library, so it can stand before the recorder of power losses. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define ALIAS(name) __attribute__((visibility("default"), alias(#name)))

struct control {
    _Atomic int64_t write_delay_us, sync_delay_us;
    _Atomic int64_t failing_writes; /* how many; below zero: all */
    _Atomic int64_t write_errno;    /* 0: half of it is written */
    _Atomic int64_t failing_syncs, sync_errno;
    _Atomic int64_t clock_offset_ns, clock_stands_at_ns;
    _Atomic int64_t hit_writes, hit_syncs; /* counted up here */
    char path[176];                        /* only files whose path holds it */
};

enum { CONTROL_BYTES = 256 };
static const int64_t NANOSECONDS = 1000000000;
static struct control *control;

static ssize_t (*next_write)(int, const void *, size_t);
static ssize_t (*next_writev)(int, const struct iovec *, int);
static ssize_t (*next_pwrite)(int, const void *, size_t, off_t);
static int (*next_fsync)(int);
static int (*next_fdatasync)(int);
static int (*next_clock_gettime)(clockid_t, struct timespec *);

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    return found;
}

__attribute__((constructor)) static void start(void) {
    next_write = next("write");
    next_writev = next("writev");
    next_pwrite = next("pwrite64");
    next_fsync = next("fsync");
    next_fdatasync = next("fdatasync");
    next_clock_gettime = next("clock_gettime");
    const char *path = getenv("FAULTS_CONTROL");
    int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) return;
    void *mapped = mmap(NULL, CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (mapped != MAP_FAILED) control = mapped;
}

/* Whether a descriptor is one that faults are meant for. */
static bool is_meant(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/') return false;
    path[length] = 0;
    return control->path[0] != 0 && strstr(path, control->path) != NULL;
}

static void wait_us(int64_t us) {
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    while (us > 0 && syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, &time) == EINTR) {}
}

/* Takes one from a count of failures; whether there was one. */
static bool take(_Atomic int64_t *count) {
    int64_t left = *count;
    while (left > 0 && !atomic_compare_exchange_weak(count, &left, left - 1)) {}
    return left != 0;
}

enum fate { WELL, HALF, FAILS };

static enum fate write_fate(int fd) {
    if (control == NULL || (control->write_delay_us == 0 && control->failing_writes == 0) || !is_meant(fd)) return WELL;
    control->hit_writes++;
    wait_us(control->write_delay_us);
    if (!take(&control->failing_writes)) return WELL;
    if (control->write_errno == 0) return HALF;
    errno = (int)control->write_errno;
    return FAILS;
}

static size_t half(size_t length) {
    return length > 1 ? length / 2 : length;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t length) {
    enum fate fate = write_fate(fd);
    if (next_write == NULL) return syscall(SYS_write, fd, bytes, length);
    return fate == FAILS ? -1 : next_write(fd, bytes, fate == HALF ? half(length) : length);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    enum fate fate = write_fate(fd);
    if (next_pwrite == NULL) return syscall(SYS_pwrite64, fd, bytes, length, offset);
    return fate == FAILS ? -1 : next_pwrite(fd, bytes, fate == HALF ? half(length) : length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) ALIAS(pwrite);

EXPORT ssize_t writev(int fd, const struct iovec *parts, int number) {
    enum fate fate = write_fate(fd);
    if (next_writev == NULL) return syscall(SYS_writev, fd, parts, number);
    return fate == FAILS ? -1 : next_writev(fd, parts, fate == HALF && number > 1 ? number / 2 : number);
}

static bool sync_fails(int fd) {
    if (control == NULL || (control->sync_delay_us == 0 && control->failing_syncs == 0) || !is_meant(fd)) return false;
    control->hit_syncs++;
    wait_us(control->sync_delay_us);
    if (!take(&control->failing_syncs)) return false;
    errno = (int)control->sync_errno;
    return true;
}

EXPORT int fsync(int fd) {
    return sync_fails(fd) ? -1 : next_fsync(fd);
}

EXPORT int fdatasync(int fd) {
    return sync_fails(fd) ? -1 : next_fdatasync(fd);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = next_clock_gettime == NULL ? (int)syscall(SYS_clock_gettime, clock, time) : next_clock_gettime(clock, time);
    if (result != 0 || control == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
    int64_t stands = control->clock_stands_at_ns, offset = control->clock_offset_ns;
    if (stands == 0 && offset == 0) return result;
    int64_t now = stands != 0 ? stands : time->tv_sec * NANOSECONDS + time->tv_nsec + offset;
    time->tv_sec = now / NANOSECONDS;
    time->tv_nsec = now % NANOSECONDS;
    return result;
}
