/* What the shim keeps of each file below the data folder, and the verbs on it.
 *
 * A `struct inode` holds what was written since its last sync. The shadow folder holds what is durable; it is changed
 * only after a real sync returned success, so it is right at whatever moment the process dies. */
#ifndef RINGPOST_RECORD_H
#define RINGPOST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct inode;

enum { FD_APPENDS = 1, FD_SYNCS = 2 };

/* The inode behind a descriptor, or NULL when it lies outside or was not seen opening. Takes no lock. */
struct inode *record_of(int fd);
/* FD_ flags of a descriptor. */
int record_flags(int fd);
bool record_is_file(const struct inode *inode);

/* A descriptor was opened with `flags`. */
void record_opened(int fd, int flags);
void record_closed(int fd);
void record_duplicated(int source, int target);
void record_set_flags(int fd, int flags);

/* Every change of a file runs between these two, so that a sync sees whole changes. */
void record_begin(struct inode *inode);
void record_end(struct inode *inode);
/* Between begin and end: bytes were written, or the file was cut to a length. */
void record_written(struct inode *inode, off_t offset, off_t length);
void record_cut(struct inode *inode, off_t length);
/* Between begin and end: something was written, where is not known. */
void record_unknown(struct inode *inode);
/* A file was cut by its path. */
void record_cut_path(const char *path, off_t length);

/* One range was written through a descriptor that syncs each write; not between begin and end. */
void record_write_synced(int fd, struct inode *inode, off_t offset, off_t length);
/* Performs the sync `call` (fsync or fdatasync as a system call number) and publishes what it made durable. */
int record_sync(int fd, long call);
/* Syncs and publishes every file and folder of the tree. */
void record_sync_all(void);

/* Something happened that the model does not cover; the cut will refuse. */
void record_violation(const char *what);

#endif
