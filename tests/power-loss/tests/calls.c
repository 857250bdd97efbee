/* Changes one file a call, each by another call, so that a call that the recorder misses shows as a stale file.
 * Every file is synced before and after its change; `map` instead maps a file for writing, which must be refused. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHECK(condition)                                     \
    do {                                                     \
        if (!(condition)) {                                  \
            perror(#condition);                              \
            exit(1);                                         \
        }                                                    \
    } while (0)

static const char *root;

static void path_of(char *out, const char *name) {
    snprintf(out, 4096, "%s/%s", root, name);
}

/* A file of ten bytes, synced, with the position at 4. */
static int begin(const char *name, int flags) {
    char path[4096];
    path_of(path, name);
    int fd = open(path, O_CREAT | O_RDWR | flags, 0600);
    CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10 && fsync(fd) == 0);
    CHECK(lseek(fd, 4, SEEK_SET) == 4);
    return fd;
}

static void end(int fd) {
    CHECK(fdatasync(fd) == 0 && close(fd) == 0);
}

static void vectors(void) {
    struct iovec parts[2] = {{"AB", 2}, {"CD", 2}};
    int fd = begin("writev", 0);
    CHECK(writev(fd, parts, 2) == 4);
    end(fd);
    fd = begin("pwritev", 0);
    CHECK(pwritev(fd, parts, 2, 8) == 4);
    end(fd);
    fd = begin("pwritev2", 0);
    CHECK(pwritev2(fd, parts, 2, -1, 0) == 4);
    end(fd);
    fd = begin("pwritev2-append", 0);
    CHECK(pwritev2(fd, parts, 2, 0, RWF_APPEND) == 4);
    end(fd);
    fd = begin("pwritev2-dsync", 0);
    CHECK(pwritev2(fd, parts, 2, 1, RWF_DSYNC) == 4 && close(fd) == 0);
    fd = begin("pwrite-append", O_APPEND);
    CHECK(pwrite(fd, "AB", 2, 0) == 2);
    end(fd);
}

static void copies(void) {
    int source = begin("source", 0);
    off_t from = 2, to = 7;
    int fd = begin("copy_file_range", 0);
    CHECK(copy_file_range(source, &from, fd, &to, 5, 0) == 5);
    CHECK(copy_file_range(source, NULL, fd, NULL, 2, 0) == 2);
    end(fd);
    fd = begin("sendfile", 0);
    from = 0;
    CHECK(sendfile(fd, source, &from, 3) == 3);
    end(fd);
    int pipes[2];
    CHECK(pipe(pipes) == 0 && write(pipes[1], "abc", 3) == 3);
    fd = begin("splice", 0);
    CHECK(splice(pipes[0], NULL, fd, NULL, 3, 0) == 3);
    end(fd);
    end(source);
}

static void lengths(void) {
    char path[4096];
    int fd = begin("ftruncate", 0);
    CHECK(ftruncate(fd, 3) == 0 && ftruncate(fd, 8) == 0);
    end(fd);
    fd = begin("truncate", 0);
    path_of(path, "truncate");
    CHECK(truncate(path, 3) == 0 && write(fd, "Z", 1) == 1);
    end(fd);
    fd = begin("fallocate", 0);
    CHECK(fallocate(fd, 0, 0, 20) == 0);
    end(fd);
    fd = begin("punch", 0);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 4) == 0);
    end(fd);
    fd = begin("posix_fallocate", 0);
    CHECK(posix_fallocate(fd, 0, 30) == 0);
    end(fd);
}

static void descriptors(void) {
    char path[4096];
    int fd = begin("dup", 0), other = dup(fd);
    CHECK(write(other, "D", 1) == 1);
    end(fd);
    fd = begin("dup2", 0);
    CHECK(dup2(fd, other) == other && write(other, "D", 1) == 1);
    end(fd);
    fd = begin("dupfd", 0);
    int third = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    CHECK(third >= 100 && write(third, "D", 1) == 1);
    end(fd);
    fd = begin("setfl", 0);
    CHECK(fcntl(fd, F_SETFL, O_APPEND) == 0 && pwrite(fd, "D", 1, 0) == 1);
    end(fd);
    path_of(path, "two-descriptors");
    fd = begin("two-descriptors", 0);
    other = open(path, O_WRONLY);
    CHECK(other >= 0 && pwrite(other, "D", 1, 3) == 1 && close(other) == 0);
    end(fd);
    fd = open(root, O_TMPFILE | O_RDWR, 0600);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    path_of(path, "unnamed");
    CHECK(fd >= 0 && write(fd, "U", 1) == 1 && fsync(fd) == 0 && write(fd, "V", 1) == 1);
    CHECK(linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0);
    end(fd);
}

static void whole_file_system(void) {
    int fd = begin("syncfs", 0);
    CHECK(write(fd, "S", 1) == 1 && syncfs(fd) == 0 && close(fd) == 0);
}

static void map(void) {
    int fd = begin("mapped", 0);
    char *bytes = mmap(NULL, 10, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(bytes != MAP_FAILED);
    bytes[0] = 'M';
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    root = arguments[1];
    if (strcmp(arguments[2], "map") == 0) {
        map();
        return 0;
    }
    vectors();
    copies();
    lengths();
    descriptors();
    if (strcmp(arguments[2], "all") == 0) whole_file_system();
    int folder = open(root, O_RDONLY | O_DIRECTORY);
    CHECK(folder >= 0 && fsync(folder) == 0);
    return 0;
}
