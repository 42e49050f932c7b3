// The few calls to the system about files that Foundation does not offer.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "CKernels.h"

const void *pare_map_file(int descriptor, size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void pare_unmap_file(const void *memory, size_t bytes) { munmap((void *)memory, bytes); }

void pare_release_pages(const void *start, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)start + bytes) / page * page;
  // Advice only: what the system makes of it changes no byte.
  if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
}

bool pare_exchange_files(const char *a, const char *b) {
#if defined(__linux__)
  return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
#elif defined(__APPLE__)
  return renamex_np(a, b, RENAME_SWAP) == 0;
#else
  errno = ENOTSUP;
  return false;
#endif
}

bool pare_flush_file(const char *path) {
  int descriptor = open(path, O_RDONLY);
  if (descriptor < 0) return false;
  bool flushed = fsync(descriptor) == 0;
  close(descriptor);
  return flushed;
}
