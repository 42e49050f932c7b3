// The only file that starts threads. A run is published as one 64-bit ticket (generation, pieces, next piece);
// whoever is free takes the next piece. Workers spin briefly for the next run, since an encoder starts one every few
// microseconds, and then sleep.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "device.h"

enum { PIECE_BITS = 24, SPINS = 4000 };
// More than a ticket has room for (each thread may count one beyond the last) run on the calling thread.
enum { MOST_PIECES = 1 << (PIECE_BITS - 1) };
static const uint64_t piece_mask = (1u << PIECE_BITS) - 1;

struct pare_device {
  int threads;
  struct pare_engine *engine;
  pthread_t *workers;
  pthread_mutex_t owner;  // held by the caller whose run it is
  _Atomic uint64_t ticket;
  _Atomic int done, sleepers;
  _Atomic bool stopping;
  pare_body body;
  void *context;
  pthread_mutex_t sleep_lock;
  pthread_cond_t wake;
};

// oneDNN parallelizes inside a call through OpenMP; here each call must stay on its thread. The count is a property
// of the thread, and is put back for a caller that uses OpenMP too. Looked up, since oneDNN may be built without.
static int (*omp_threads)(void);
static void (*set_omp_threads)(int);
static sigset_t deferred;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void prepare(void) {
  omp_threads = (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  set_omp_threads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (!omp_threads || !set_omp_threads) omp_threads = NULL;
  sigfillset(&deferred);
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&deferred, faults[i]);
}

// Signals wait until the products are done: before 3.11.2, oneDNN's matrix kernels let the stack pointer point into
// the heap, and a signal handler that ran then would overwrite it (oneDNN issue 4845).
pare_thread_state pare_enter_products(void) {
  pthread_once(&once, prepare);
  pare_thread_state before = {.omp_threads = 1};
  pthread_sigmask(SIG_BLOCK, &deferred, &before.signals);
  if (omp_threads) before.omp_threads = omp_threads();
  if (before.omp_threads != 1) set_omp_threads(1);
  return before;
}
void pare_leave_products(const pare_thread_state *before) {
  if (before->omp_threads != 1) set_omp_threads(before->omp_threads);
  pthread_sigmask(SIG_SETMASK, &before->signals, NULL);
}

static _Thread_local bool inside_piece;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("yield");
#endif
}

static inline uint64_t pieces_of(uint64_t ticket) { return (ticket >> PIECE_BITS) & piece_mask; }
static inline bool has_piece(uint64_t ticket) { return (ticket & piece_mask) < pieces_of(ticket); }

// A piece that was claimed is not done, so its run is not over and `body` and `context` are its own.
static void take_pieces(pare_device *device) {
  while (has_piece(atomic_load_explicit(&device->ticket, memory_order_acquire))) {
    uint64_t ticket = atomic_fetch_add_explicit(&device->ticket, 1, memory_order_acq_rel);
    if (!has_piece(ticket)) return;
    device->body(device->context, (int)(ticket & piece_mask));
    atomic_fetch_add_explicit(&device->done, 1, memory_order_release);
  }
}

static void *work(void *argument) {
  pare_device *device = argument;
  pare_enter_products();
  inside_piece = true;
  for (;;) {
    take_pieces(device);
    int spins = 0;
    while (!has_piece(atomic_load_explicit(&device->ticket, memory_order_relaxed)) && spins < SPINS) {
      pause_briefly();
      spins++;
    }
    if (spins < SPINS) continue;
    pthread_mutex_lock(&device->sleep_lock);
    atomic_fetch_add(&device->sleepers, 1);
    while (!has_piece(atomic_load(&device->ticket)) && !atomic_load(&device->stopping))
      pthread_cond_wait(&device->wake, &device->sleep_lock);
    atomic_fetch_sub(&device->sleepers, 1);
    pthread_mutex_unlock(&device->sleep_lock);
    if (atomic_load(&device->stopping)) return NULL;
  }
}

void pare_run(pare_device *device, int pieces, pare_body body, void *context) {
  if (pieces <= 0) return;
  if (inside_piece) {
    for (int piece = 0; piece < pieces; piece++) body(context, piece);
    return;
  }
  pare_thread_state before = pare_enter_products();
  if (device->threads == 1 || pieces == 1 || pieces > MOST_PIECES
    || pthread_mutex_trylock(&device->owner) != 0) {
    for (int piece = 0; piece < pieces; piece++) body(context, piece);
    pare_leave_products(&before);
    return;
  }
  device->body = body;
  device->context = context;
  atomic_store_explicit(&device->done, 0, memory_order_relaxed);
  uint64_t generation = (atomic_load(&device->ticket) >> (2 * PIECE_BITS)) + 1;
  atomic_store(&device->ticket, generation << (2 * PIECE_BITS) | (uint64_t)pieces << PIECE_BITS);
  if (atomic_load(&device->sleepers) > 0) {
    pthread_mutex_lock(&device->sleep_lock);
    pthread_cond_broadcast(&device->wake);
    pthread_mutex_unlock(&device->sleep_lock);
  }
  inside_piece = true;
  take_pieces(device);
  inside_piece = false;
  for (int spins = 0; atomic_load_explicit(&device->done, memory_order_acquire) < pieces; spins++) {
    pause_briefly();
    if (spins > SPINS) sched_yield();
  }
  pthread_mutex_unlock(&device->owner);
  pare_leave_products(&before);
}

pare_device *pare_device_create(int threads) {
  pare_device *device = calloc(1, sizeof *device);
  if (!device) return NULL;
  device->engine = pare_engine_create();
  device->workers = calloc((size_t)threads, sizeof *device->workers);
  pthread_mutex_init(&device->owner, NULL);
  pthread_mutex_init(&device->sleep_lock, NULL);
  pthread_cond_init(&device->wake, NULL);
  device->threads = 1;
  bool sound = device->engine && device->workers;
  while (sound && device->threads < threads) {
    sound = pthread_create(&device->workers[device->threads], NULL, work, device) == 0;
    if (sound) device->threads++;
  }
  if (sound) return device;
  pare_device_destroy(device);
  return NULL;
}

void pare_device_destroy(pare_device *device) {
  pthread_mutex_lock(&device->sleep_lock);
  atomic_store(&device->stopping, true);
  pthread_cond_broadcast(&device->wake);
  pthread_mutex_unlock(&device->sleep_lock);
  for (int i = 1; i < device->threads; i++) pthread_join(device->workers[i], NULL);
  pthread_cond_destroy(&device->wake);
  pthread_mutex_destroy(&device->sleep_lock);
  pthread_mutex_destroy(&device->owner);
  if (device->engine) pare_engine_destroy(device->engine);
  free(device->workers);
  free(device);
}

int pare_device_threads(const pare_device *device) { return device->threads; }
struct pare_engine *pare_device_engine(const pare_device *device) { return device->engine; }
