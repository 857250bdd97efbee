/* The C library's file calls, taken over by preloading. Each does the real call as a system call and tells the record.
 * Calls on descriptors outside the data folder go straight through. */
#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define ALIAS(name) __attribute__((visibility("default"), alias(#name)))

/* Opening and closing. */

static int open_mode(int dir, const char *path, int flags, mode_t mode) {
    int fd = (int)syscall(SYS_openat, dir, path, flags, mode);
    if (fd >= 0) record_opened(fd, flags);
    return fd;
}

static bool takes_mode(int flags) {
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define READ_MODE(mode, flags)                 \
    mode_t mode = 0;                           \
    if (takes_mode(flags)) {                   \
        va_list arguments;                     \
        va_start(arguments, flags);            \
        mode = va_arg(arguments, mode_t);      \
        va_end(arguments);                     \
    }

EXPORT int open(const char *path, int flags, ...) {
    READ_MODE(mode, flags)
    return open_mode(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...) {
    READ_MODE(mode, flags)
    return open_mode(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int dir, const char *path, int flags, ...) {
    READ_MODE(mode, flags)
    return open_mode(dir, path, flags, mode);
}

EXPORT int openat64(int dir, const char *path, int flags, ...) {
    READ_MODE(mode, flags)
    return open_mode(dir, path, flags, mode);
}

EXPORT int creat(const char *path, mode_t mode) {
    return open_mode(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int creat64(const char *path, mode_t mode) {
    return creat(path, mode);
}

EXPORT int close(int fd) {
    record_closed(fd);
    return (int)syscall(SYS_close, fd);
}

EXPORT int close_range(unsigned first, unsigned last, int flags) {
    if (flags == 0)
        for (unsigned fd = first; fd <= last && fd < (1u << 20); fd++) record_closed((int)fd);
    return (int)syscall(SYS_close_range, first, last, flags);
}

EXPORT int dup(int fd) {
    int target = (int)syscall(SYS_dup, fd);
    if (target >= 0) record_duplicated(fd, target);
    return target;
}

EXPORT int dup3(int fd, int target, int flags) {
    int result = (int)syscall(SYS_dup3, fd, target, flags);
    if (result >= 0) record_duplicated(fd, result);
    return result;
}

EXPORT int dup2(int fd, int target) {
    if (fd == target) return syscall(SYS_fcntl, fd, F_GETFD) < 0 ? -1 : target;
    return dup3(fd, target, 0);
}

EXPORT int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    int result = (int)syscall(SYS_fcntl, fd, command, argument);
    if (result >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC)) record_duplicated(fd, result);
    if (result >= 0 && command == F_SETFL) record_set_flags(fd, (int)syscall(SYS_fcntl, fd, F_GETFL));
    return result;
}
int fcntl64(int fd, int command, ...) ALIAS(fcntl);

/* Writing at the descriptor's position. */

static struct inode *file_of(int fd) {
    struct inode *inode = record_of(fd);
    return inode != NULL && record_is_file(inode) ? inode : NULL;
}

/* After a change of `count` bytes that moved the position. */
static off_t note_at_position(int fd, struct inode *inode, ssize_t count) {
    int kept = errno;
    off_t end = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    if (end < count) record_unknown(inode);
    else record_written(inode, end - count, count);
    errno = kept;
    return end - count;
}

static ssize_t finish(int fd, struct inode *inode, off_t offset, ssize_t count, bool synced) {
    record_end(inode);
    if (count > 0 && (synced || (record_flags(fd) & FD_SYNCS) != 0))
        record_write_synced(fd, inode, offset, count);
    return count;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t length) {
    struct inode *inode = file_of(fd);
    if (inode == NULL) return syscall(SYS_write, fd, bytes, length);
    record_begin(inode);
    ssize_t count = syscall(SYS_write, fd, bytes, length);
    off_t offset = count > 0 ? note_at_position(fd, inode, count) : 0;
    return finish(fd, inode, offset, count, false);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int number) {
    struct inode *inode = file_of(fd);
    if (inode == NULL) return syscall(SYS_writev, fd, parts, number);
    record_begin(inode);
    ssize_t count = syscall(SYS_writev, fd, parts, number);
    off_t offset = count > 0 ? note_at_position(fd, inode, count) : 0;
    return finish(fd, inode, offset, count, false);
}

/* Writing at a given offset. On a descriptor that appends, the kernel ignores the offset. */

static void note_at_offset(int fd, struct inode *inode, off_t offset, ssize_t count) {
    if (count <= 0) return;
    if ((record_flags(fd) & FD_APPENDS) != 0) record_unknown(inode);
    else record_written(inode, offset, count);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    struct inode *inode = file_of(fd);
    if (inode == NULL) return syscall(SYS_pwrite64, fd, bytes, length, offset);
    record_begin(inode);
    ssize_t count = syscall(SYS_pwrite64, fd, bytes, length, offset);
    note_at_offset(fd, inode, offset, count);
    return finish(fd, inode, offset, count, false);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) ALIAS(pwrite);

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#define RWF_SYNC 4
#endif

EXPORT ssize_t pwritev2(int fd, const struct iovec *parts, int number, off_t offset, int flags) {
    struct inode *inode = file_of(fd);
    long low = (long)offset, high = (long)((uint64_t)offset >> 32);
    if (inode == NULL) return syscall(SYS_pwritev2, fd, parts, number, low, high, flags);
    record_begin(inode);
    ssize_t count = syscall(SYS_pwritev2, fd, parts, number, low, high, flags);
    if (offset == -1 && count > 0) offset = note_at_position(fd, inode, count);
    else if ((flags & RWF_APPEND) != 0 && count > 0) record_unknown(inode);
    else note_at_offset(fd, inode, offset, count);
    return finish(fd, inode, offset, count, (flags & (RWF_DSYNC | RWF_SYNC)) != 0);
}
ssize_t pwritev64v2(int fd, const struct iovec *parts, int number, off64_t offset, int flags) ALIAS(pwritev2);

EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int number, off_t offset) {
    if (offset < 0) {
        errno = EINVAL;
        return -1;
    }
    return pwritev2(fd, parts, number, offset, 0);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int number, off64_t offset) ALIAS(pwritev);

/* Copies inside the kernel. */

EXPORT ssize_t copy_file_range(int source, off64_t *from, int target, off64_t *to, size_t length, unsigned flags) {
    struct inode *inode = file_of(target);
    if (inode == NULL) return syscall(SYS_copy_file_range, source, from, target, to, length, flags);
    record_begin(inode);
    off_t offset = to != NULL ? *to : 0;
    ssize_t count = syscall(SYS_copy_file_range, source, from, target, to, length, flags);
    if (count > 0 && to == NULL) offset = note_at_position(target, inode, count);
    else if (count > 0) record_written(inode, offset, count);
    return finish(target, inode, offset, count, false);
}

EXPORT ssize_t sendfile(int target, int source, off_t *from, size_t length) {
    struct inode *inode = file_of(target);
    if (inode == NULL) return syscall(SYS_sendfile, target, source, from, length);
    record_begin(inode);
    ssize_t count = syscall(SYS_sendfile, target, source, from, length);
    off_t offset = count > 0 ? note_at_position(target, inode, count) : 0;
    return finish(target, inode, offset, count, false);
}
ssize_t sendfile64(int target, int source, off64_t *from, size_t length) ALIAS(sendfile);

EXPORT ssize_t splice(int source, off64_t *from, int target, off64_t *to, size_t length, unsigned flags) {
    struct inode *inode = file_of(target);
    if (inode == NULL) return syscall(SYS_splice, source, from, target, to, length, flags);
    record_begin(inode);
    off_t offset = to != NULL ? *to : 0;
    ssize_t count = syscall(SYS_splice, source, from, target, to, length, flags);
    if (count > 0 && to == NULL) offset = note_at_position(target, inode, count);
    else if (count > 0) record_written(inode, offset, count);
    return finish(target, inode, offset, count, false);
}

/* Lengths. */

EXPORT int ftruncate(int fd, off_t length) {
    struct inode *inode = file_of(fd);
    if (inode == NULL) return (int)syscall(SYS_ftruncate, fd, length);
    record_begin(inode);
    int result = (int)syscall(SYS_ftruncate, fd, length);
    if (result == 0) record_cut(inode, length);
    record_end(inode);
    return result;
}
int ftruncate64(int fd, off64_t length) ALIAS(ftruncate);

EXPORT int truncate(const char *path, off_t length) {
    int result = (int)syscall(SYS_truncate, path, length);
    if (result == 0) record_cut_path(path, length);
    return result;
}
int truncate64(const char *path, off64_t length) ALIAS(truncate);

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length) {
    struct inode *inode = file_of(fd);
    if (inode == NULL) return (int)syscall(SYS_fallocate, fd, mode, offset, length);
    record_begin(inode);
    int result = (int)syscall(SYS_fallocate, fd, mode, offset, length);
    bool shifts = (mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) != 0;
    bool zeroes = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0;
    if (result == 0 && shifts) record_unknown(inode);
    else if (result == 0 && zeroes) record_written(inode, offset, length);
    record_end(inode);
    return result;
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) ALIAS(fallocate);

EXPORT int posix_fallocate(int fd, off_t offset, off_t length) {
    int kept = errno;
    int result = fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
    errno = kept;
    return result;
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) ALIAS(posix_fallocate);

/* Mapping: a shared writable mapping changes a file unseen. */

EXPORT void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    bool shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
    if (shared && (protection & PROT_WRITE) != 0 && (flags & MAP_ANONYMOUS) == 0 && file_of(fd) != NULL)
        record_violation("a shared writable mapping of a file");
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) ALIAS(mmap);

/* Syncing. Removing, renaming and linking need no hook: a folder's sync lists what it then holds. */

EXPORT int fsync(int fd) {
    return record_sync(fd, SYS_fsync);
}

EXPORT int fdatasync(int fd) {
    return record_sync(fd, SYS_fdatasync);
}

EXPORT int syncfs(int fd) {
    record_sync_all();
    return (int)syscall(SYS_syncfs, fd);
}

EXPORT void sync(void) {
    record_sync_all();
    syscall(SYS_sync);
}
