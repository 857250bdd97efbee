/* The record of unsynced writes and the shadow of what is durable. See record.h.
 *
 * Shadow folder: objects/<id> contents of a file at its last sync; folders/<id> the names a folder had at its last
 * sync, one a line: kind, id, mode, name in hex; pins/<id> a hard link that keeps an inode number from being reused;
 * loaded and violations. An id is inode number and birth time. Own I/O is by system calls, never by hooked ones. */
#define _GNU_SOURCE
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS_MAX = 1 << 20, BUCKETS = 4096, RANGES_MAX = 4096, COPY_BYTES = 1 << 16 };
/* Above this many unsynced bytes the file is copied whole, beside the old copy. */
static const off_t RANGE_BYTES_MAX = 64 << 20;

struct range {
    off_t offset, length;
};

struct inode {
    struct inode *next;
    uint64_t number;
    int64_t birth_seconds;
    uint32_t birth_nanoseconds;
    bool is_file;
    pthread_mutex_t change; /* guards what follows; held over each change of the file */
    bool whole;             /* what was written is not known: copy everything */
    off_t cut;              /* the shortest length since the last sync */
    struct range *ranges;
    size_t count, capacity;
    pthread_mutex_t sync; /* held over snapshot, real sync and publication, so that publications keep their order */
};

/* What one sync takes with it. */
struct snapshot {
    bool whole;
    off_t cut, size;
    struct range *ranges;
    size_t count;
    char *bytes; /* of the ranges, one after the other */
};

static char data_path[PATH_MAX], shadow_path[PATH_MAX];
static size_t data_length;
static bool enabled, ignores_syncs;
static atomic_long syncs_before_failure = LONG_MAX;
static _Atomic(struct inode *) inode_of_fd[FDS_MAX];
static atomic_uchar flags_of_fd[FDS_MAX];
static struct inode *buckets[BUCKETS];
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what) {
    record_violation(what);
}

static void shadow_name(char *out, const char *folder, const struct inode *inode, const char *suffix) {
    snprintf(out, PATH_MAX + 64, "%s/%s/%llx-%llx-%x%s", shadow_path, folder, (unsigned long long)inode->number,
             (unsigned long long)inode->birth_seconds, inode->birth_nanoseconds, suffix);
}

static int sys_open(const char *path, int flags) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static bool sys_write_at(int fd, const char *bytes, off_t length, off_t offset) {
    while (length > 0) {
        ssize_t count = syscall(SYS_pwrite64, fd, bytes, length, offset);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes += count, length -= count, offset += count;
    }
    return true;
}

/* Reads up to `length` bytes; what lies past the end stays zero. */
static void sys_read_at(int fd, char *bytes, off_t length, off_t offset) {
    while (length > 0) {
        ssize_t count = syscall(SYS_pread64, fd, bytes, length, offset);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        bytes += count, length -= count, offset += count;
    }
}

void record_violation(const char *what) {
    char path[PATH_MAX + 64], line[256];
    snprintf(path, sizeof path, "%s/violations", shadow_path);
    int length = snprintf(line, sizeof line, "%s (errno %d)\n", what, errno);
    int fd = sys_open(path, O_WRONLY | O_CREAT | O_APPEND);
    if (fd < 0 || syscall(SYS_write, fd, line, length) != length) abort();
    syscall(SYS_close, fd);
}

__attribute__((constructor)) static void start(void) {
    const char *data = getenv("POWER_LOSS_DATA"), *shadow = getenv("POWER_LOSS_SHADOW");
    const char *failure = getenv("POWER_LOSS_FAIL_SYNC_AFTER");
    if (data == NULL || shadow == NULL) return;
    snprintf(data_path, sizeof data_path, "%s", data);
    snprintf(shadow_path, sizeof shadow_path, "%s", shadow);
    data_length = strlen(data_path);
    ignores_syncs = getenv("POWER_LOSS_IGNORE_SYNC") != NULL;
    if (failure != NULL) syncs_before_failure = atol(failure);
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/loaded", shadow_path);
    int fd = sys_open(path, O_WRONLY | O_CREAT);
    if (fd < 0) abort();
    syscall(SYS_close, fd);
    enabled = true;
}

/* Inodes. */

static bool is_inside(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length < (ssize_t)data_length || memcmp(path, data_path, data_length) != 0) return false;
    return length == (ssize_t)data_length || path[data_length] == '/';
}

static bool identify(int dir, const char *path, int flags, struct statx *found) {
    if (syscall(SYS_statx, dir, path, flags, STATX_BASIC_STATS | STATX_BTIME, found) != 0) return false;
    return true;
}

static void pin(int fd, const struct inode *inode) {
    char link[64], path[PATH_MAX + 64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    shadow_name(path, "pins", inode, "");
    syscall(SYS_linkat, AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

static struct inode *find(const struct statx *found, int fd, bool create) {
    size_t bucket = (size_t)(found->stx_ino * 0x9E3779B97F4A7C15u >> 52) % BUCKETS;
    pthread_mutex_lock(&table);
    struct inode *inode = buckets[bucket];
    while (inode != NULL && !(inode->number == found->stx_ino && inode->birth_seconds == found->stx_btime.tv_sec &&
                              inode->birth_nanoseconds == found->stx_btime.tv_nsec))
        inode = inode->next;
    if (inode == NULL && create) {
        inode = calloc(1, sizeof *inode);
        if (inode == NULL) abort();
        inode->number = found->stx_ino;
        inode->birth_seconds = found->stx_btime.tv_sec;
        inode->birth_nanoseconds = found->stx_btime.tv_nsec;
        inode->is_file = S_ISREG(found->stx_mode);
        inode->whole = true;
        inode->cut = INT64_MAX;
        pthread_mutex_init(&inode->change, NULL);
        pthread_mutex_init(&inode->sync, NULL);
        inode->next = buckets[bucket];
        buckets[bucket] = inode;
        if (inode->is_file) pin(fd, inode);
    }
    pthread_mutex_unlock(&table);
    return inode;
}

/* The inode of an open descriptor that lies inside, or NULL. */
static struct inode *resolve(int fd) {
    struct statx found;
    if (!identify(fd, "", AT_EMPTY_PATH, &found)) return NULL;
    if (!S_ISREG(found.stx_mode) && !S_ISDIR(found.stx_mode)) return NULL;
    if (!is_inside(fd)) return NULL;
    if ((found.stx_mask & STATX_BTIME) == 0) fail("the file system keeps no birth times");
    return find(&found, fd, true);
}

struct inode *record_of(int fd) {
    if (fd < 0 || fd >= FDS_MAX) return NULL;
    return atomic_load_explicit(&inode_of_fd[fd], memory_order_acquire);
}

int record_flags(int fd) {
    return fd < 0 || fd >= FDS_MAX ? 0 : flags_of_fd[fd];
}

bool record_is_file(const struct inode *inode) {
    return inode->is_file;
}

void record_set_flags(int fd, int flags) {
    if (fd < 0 || fd >= FDS_MAX) return;
    flags_of_fd[fd] = (unsigned char)(((flags & O_APPEND) != 0 ? FD_APPENDS : 0) | ((flags & O_DSYNC) != 0 ? FD_SYNCS : 0));
}

void record_opened(int fd, int flags) {
    if (!enabled) return;
    int kept = errno;
    struct inode *inode = (flags & O_PATH) != 0 ? NULL : resolve(fd);
    if (fd >= FDS_MAX) {
        if (inode != NULL) fail("a descriptor too large to follow");
        errno = kept;
        return;
    }
    record_set_flags(fd, flags);
    atomic_store_explicit(&inode_of_fd[fd], inode, memory_order_release);
    if (inode != NULL && inode->is_file && (flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY) {
        record_begin(inode);
        record_cut(inode, 0);
        record_end(inode);
    }
    errno = kept;
}

void record_closed(int fd) {
    if (fd >= 0 && fd < FDS_MAX && record_of(fd) != NULL)
        atomic_store_explicit(&inode_of_fd[fd], NULL, memory_order_release);
}

void record_duplicated(int source, int target) {
    if (target < 0 || target >= FDS_MAX || source == target) return;
    flags_of_fd[target] = (unsigned char)record_flags(source);
    atomic_store_explicit(&inode_of_fd[target], record_of(source), memory_order_release);
}

/* Changes. */

void record_begin(struct inode *inode) {
    pthread_mutex_lock(&inode->change);
}

void record_end(struct inode *inode) {
    pthread_mutex_unlock(&inode->change);
}

void record_unknown(struct inode *inode) {
    inode->whole = true;
    inode->count = 0;
}

void record_written(struct inode *inode, off_t offset, off_t length) {
    if (inode->whole || length <= 0) return;
    struct range *last = inode->count > 0 ? &inode->ranges[inode->count - 1] : NULL;
    if (last != NULL && last->offset + last->length == offset) {
        last->length += length;
        return;
    }
    if (inode->count == RANGES_MAX) {
        record_unknown(inode);
        return;
    }
    if (inode->count == inode->capacity) {
        inode->capacity = inode->capacity == 0 ? 16 : inode->capacity * 2;
        inode->ranges = realloc(inode->ranges, inode->capacity * sizeof *inode->ranges);
        if (inode->ranges == NULL) abort();
    }
    inode->ranges[inode->count++] = (struct range){offset, length};
}

void record_cut(struct inode *inode, off_t length) {
    if (length < inode->cut) inode->cut = length;
}

void record_cut_path(const char *path, off_t length) {
    if (!enabled) return;
    int kept = errno;
    struct statx found;
    struct inode *inode = identify(AT_FDCWD, path, 0, &found) ? find(&found, -1, false) : NULL;
    if (inode != NULL && inode->is_file) {
        record_begin(inode);
        record_cut(inode, length);
        record_end(inode);
    }
    errno = kept;
}

/* Publication of a file. */

static off_t size_of(int fd) {
    struct statx found;
    return identify(fd, "", AT_EMPTY_PATH, &found) ? (off_t)found.stx_size : 0;
}

/* Takes the record out of the inode; from here on new writes belong to the next sync. */
static struct snapshot take(int fd, struct inode *inode) {
    record_begin(inode);
    struct snapshot taken = {inode->whole, inode->cut, size_of(fd), inode->ranges, inode->count, NULL};
    inode->whole = false;
    inode->cut = INT64_MAX;
    inode->ranges = NULL;
    inode->count = inode->capacity = 0;
    record_end(inode);
    return taken;
}

static int open_to_read(int fd) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return sys_open(link, O_RDONLY);
}

static bool read_ranges(int source, struct snapshot *taken) {
    off_t total = 0;
    for (size_t i = 0; i < taken->count; i++) {
        struct range *range = &taken->ranges[i];
        if (range->offset >= taken->size) range->length = 0;
        else if (range->offset + range->length > taken->size) range->length = taken->size - range->offset;
        total += range->length;
    }
    if (total > RANGE_BYTES_MAX) return false;
    taken->bytes = calloc(1, (size_t)total + 1);
    if (taken->bytes == NULL) abort();
    char *position = taken->bytes;
    for (size_t i = 0; i < taken->count; i++) {
        sys_read_at(source, position, taken->ranges[i].length, taken->ranges[i].offset);
        position += taken->ranges[i].length;
    }
    return true;
}

/* Copies the data of a file, leaving its holes, to a new object beside the old one. */
static void copy_whole(int source, const struct inode *inode, off_t size) {
    char path[PATH_MAX + 64], buffer[COPY_BYTES];
    shadow_name(path, "objects", inode, ".new");
    int target = sys_open(path, O_WRONLY | O_CREAT | O_TRUNC);
    bool good = target >= 0 && syscall(SYS_ftruncate, target, size) == 0;
    off_t start = 0;
    while (good && start < size && (start = syscall(SYS_lseek, source, start, SEEK_DATA)) >= 0) {
        off_t end = syscall(SYS_lseek, source, start, SEEK_HOLE);
        if (end > size || end < 0) end = size;
        while (good && start < end) {
            off_t length = end - start < COPY_BYTES ? end - start : COPY_BYTES;
            memset(buffer, 0, (size_t)length);
            sys_read_at(source, buffer, length, start);
            good = sys_write_at(target, buffer, length, start);
            start += length;
        }
    }
    if (target >= 0) syscall(SYS_close, target);
    if (!good) fail("the shadow could not be written");
}

static void publish_whole(const struct inode *inode) {
    char source[PATH_MAX + 64], target[PATH_MAX + 64];
    shadow_name(source, "objects", inode, ".new");
    shadow_name(target, "objects", inode, "");
    if (syscall(SYS_renameat2, AT_FDCWD, source, AT_FDCWD, target, 0) != 0) fail("the shadow could not be renamed");
}

static void publish_ranges(const struct inode *inode, const struct snapshot *taken) {
    char path[PATH_MAX + 64];
    shadow_name(path, "objects", inode, "");
    int target = sys_open(path, O_WRONLY);
    off_t old_size = target < 0 ? 0 : size_of(target);
    bool good = target >= 0;
    if (good && taken->cut < old_size) good = syscall(SYS_ftruncate, target, taken->cut) == 0;
    const char *position = taken->bytes;
    for (size_t i = 0; good && i < taken->count; i++) {
        good = sys_write_at(target, position, taken->ranges[i].length, taken->ranges[i].offset);
        position += taken->ranges[i].length;
    }
    if (good && size_of(target) != taken->size) good = syscall(SYS_ftruncate, target, taken->size) == 0;
    if (target >= 0) syscall(SYS_close, target);
    if (!good) fail("the shadow could not be written");
}

static bool has_object(const struct inode *inode) {
    char path[PATH_MAX + 64];
    struct statx found;
    shadow_name(path, "objects", inode, "");
    return identify(AT_FDCWD, path, 0, &found);
}

static int sync_file(int fd, struct inode *inode, long call) {
    struct snapshot taken = take(fd, inode);
    int source = open_to_read(fd);
    if (source < 0) fail("a file could not be read again");
    bool whole = taken.whole || !has_object(inode) || !read_ranges(source, &taken);
    if (whole) copy_whole(source, inode, taken.size);
    if (source >= 0) syscall(SYS_close, source);
    int result = (int)syscall(call, fd);
    int kept = errno;
    if (result == 0 && whole) publish_whole(inode);
    else if (result == 0) publish_ranges(inode, &taken);
    free(taken.ranges);
    free(taken.bytes);
    errno = kept;
    return result;
}

void record_write_synced(int fd, struct inode *inode, off_t offset, off_t length) {
    if (ignores_syncs) return;
    int kept = errno;
    pthread_mutex_lock(&inode->sync);
    char path[PATH_MAX + 64];
    shadow_name(path, "objects", inode, "");
    int target = sys_open(path, O_WRONLY | O_CREAT), source = open_to_read(fd);
    struct range range = {offset, length};
    struct snapshot taken = {false, INT64_MAX, offset + length, &range, 1, NULL};
    if (target < 0 || source < 0 || !read_ranges(source, &taken)) fail("a synced write could not be read again");
    else {
        if (size_of(target) > taken.size) taken.size = size_of(target);
        publish_ranges(inode, &taken);
    }
    free(taken.bytes);
    if (source >= 0) syscall(SYS_close, source);
    if (target >= 0) syscall(SYS_close, target);
    pthread_mutex_unlock(&inode->sync);
    errno = kept;
}

/* Publication of a folder. */

struct text {
    char *bytes;
    size_t length, capacity;
};

static void append(struct text *text, const char *bytes, size_t length) {
    if (text->length + length > text->capacity) {
        text->capacity = (text->length + length) * 2;
        text->bytes = realloc(text->bytes, text->capacity);
        if (text->bytes == NULL) abort();
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void list_entry(struct text *text, int dir, const char *name) {
    struct statx found;
    if (!identify(dir, name, AT_SYMLINK_NOFOLLOW, &found)) return;
    char kind = S_ISREG(found.stx_mode) ? 'f' : S_ISDIR(found.stx_mode) ? 'd' : 'o';
    if (S_ISLNK(found.stx_mode)) fail("a symbolic link");
    char line[128];
    int length = snprintf(line, sizeof line, "%c %llx-%llx-%x %o ", kind, (unsigned long long)found.stx_ino,
                          (unsigned long long)found.stx_btime.tv_sec, found.stx_btime.tv_nsec, found.stx_mode & 07777);
    append(text, line, (size_t)length);
    for (const unsigned char *byte = (const unsigned char *)name; *byte != 0; byte++) {
        snprintf(line, sizeof line, "%02x", *byte);
        append(text, line, 2);
    }
    append(text, "\n", 1);
}

/* Calls `visit` with each name in the folder behind `fd`; NULL when it cannot be read. */
static bool each_name(int fd, void (*visit)(void *, int, const char *), void *argument) {
    char link[64], buffer[COPY_BYTES];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int dir = sys_open(link, O_RDONLY | O_DIRECTORY);
    if (dir < 0) return false;
    long count;
    while ((count = syscall(SYS_getdents64, dir, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < count; at += ((struct dirent64 *)(buffer + at))->d_reclen) {
            const char *name = ((struct dirent64 *)(buffer + at))->d_name;
            if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) visit(argument, dir, name);
        }
    syscall(SYS_close, dir);
    return count == 0;
}

static void visit_list(void *text, int dir, const char *name) {
    list_entry(text, dir, name);
}

static void publish_folder(const struct inode *inode, const struct text *text) {
    char source[PATH_MAX + 64], target[PATH_MAX + 64];
    shadow_name(source, "folders", inode, ".new");
    shadow_name(target, "folders", inode, "");
    int fd = sys_open(source, O_WRONLY | O_CREAT | O_TRUNC);
    bool good = fd >= 0 && sys_write_at(fd, text->bytes, (off_t)text->length, 0);
    if (fd >= 0) syscall(SYS_close, fd);
    if (!good || syscall(SYS_renameat2, AT_FDCWD, source, AT_FDCWD, target, 0) != 0)
        fail("the shadow of a folder could not be written");
}

static int sync_folder(int fd, struct inode *inode, long call) {
    struct text text = {NULL, 0, 0};
    if (!each_name(fd, visit_list, &text)) fail("a folder could not be listed");
    int result = (int)syscall(call, fd);
    int kept = errno;
    if (result == 0) publish_folder(inode, &text);
    free(text.bytes);
    errno = kept;
    return result;
}

static int sync_inode(int fd, struct inode *inode, long call) {
    pthread_mutex_lock(&inode->sync);
    int result = inode->is_file ? sync_file(fd, inode, call) : sync_folder(fd, inode, call);
    pthread_mutex_unlock(&inode->sync);
    return result;
}

int record_sync(int fd, long call) {
    struct inode *inode = record_of(fd);
    if (inode == NULL && enabled && (inode = resolve(fd)) != NULL && inode->is_file) {
        record_begin(inode);
        record_unknown(inode); /* its opening was not seen, so neither were its writes */
        record_end(inode);
    }
    if (inode == NULL) return (int)syscall(call, fd);
    if (ignores_syncs) return 0;
    if (atomic_fetch_sub(&syncs_before_failure, 1) <= 0) {
        errno = EIO;
        return -1;
    }
    return sync_inode(fd, inode, call);
}

static void visit_sync(void *argument, int dir, const char *name) {
    (void)argument;
    int fd = (int)syscall(SYS_openat, dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    struct inode *inode = fd < 0 ? NULL : resolve(fd);
    if (inode != NULL) {
        if (!inode->is_file) each_name(fd, visit_sync, NULL);
        sync_inode(fd, inode, SYS_fsync);
    }
    if (fd >= 0) syscall(SYS_close, fd);
}

void record_sync_all(void) {
    if (!enabled || ignores_syncs) return;
    visit_sync(NULL, AT_FDCWD, data_path);
}
