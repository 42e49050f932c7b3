// The optimizer's step: AdamW (Loshchilov & Hutter, 2019, arXiv:1711.05101), each number read and written once.
#include "clones.h"
#include "device.h"

/// Elements a piece has.
enum { CHUNK = 16384 };

typedef struct {
  const pare_adamw *options;
  float *parameter, *gradient, *first, *second;
  size_t count;
} adamw;

/// What a step's numbers come to for every element.
typedef struct {
  float keep, rate, root, tiny;
} adamw_factors;

PARE_INLINE adamw_factors factors_of(const pare_adamw *o) {
  return (adamw_factors){1 - o->learning_rate * o->weight_decay, o->learning_rate / o->correction1,
    1 / __builtin_elementwise_sqrt(o->correction2), 1e-8f * o->epsilon};
}

/// One element's step; the only place where it is written, so that rows which were put off get the same bits. A first
/// moment too small to move anything by a hundred-millionth of a step becomes zero: it would end as a slow denormal.
PARE_INLINE void adamw_element(
  const pare_adamw *o, adamw_factors f, float gradient, float *p, float *m, float *v) {
  float mean = o->beta1 * *m + (1 - o->beta1) * gradient;
  *m = __builtin_fabsf(mean) < f.tiny ? 0 : mean;
  *v = o->beta2 * *v + (1 - o->beta2) * gradient * gradient;
  *p = *p * f.keep - f.rate * *m / (__builtin_elementwise_sqrt(*v) * f.root + o->epsilon);
}

PARE_CLONES
static void adamw_piece(void *context, int piece) {
  const adamw *a = context;
  const pare_adamw o = *a->options;
  size_t first = (size_t)piece * CHUNK, end = first + CHUNK < a->count ? first + CHUNK : a->count;
  float *restrict p = a->parameter, *restrict g = a->gradient, *restrict m = a->first, *restrict v = a->second;
  adamw_factors f = factors_of(&o);
  PARE_INDEPENDENT
  for (size_t i = first; i < end; i++) {
    adamw_element(&o, f, g[i] * o.gradient_scale, &p[i], &m[i], &v[i]);
    g[i] = 0;
  }
}

void pare_adamw_step(pare_device *device, const pare_adamw *options, size_t count, float *parameter, float *gradient,
  float *first_moment, float *second_moment) {
  adamw a = {options, parameter, gradient, first_moment, second_moment, count};
  pare_run(device, (int)((count + CHUNK - 1) / CHUNK), adamw_piece, &a);
}

// Steps that were put off are taken a block of a row at a time, all while the block is in registers: memory is touched
// once, however many steps there are.
enum { BLOCK = 64, ROWS = 16, GLANCE = 16 };

PARE_INLINE bool is_zero(const float *x) {
  float any = 0;
  for (int i = 0; i < BLOCK; i++) any += __builtin_fabsf(x[i]);
  return any == 0;
}

/// Steps without a gradient. Where the first moments are zero they only decay: the root and the quotient are left out.
PARE_INLINE void rest(const pare_adamw *steps, int count, float *p, float *m, float *v) {
  const float none[BLOCK] = {0};
  for (int step = 0; step < count;) {
    int end = step + GLANCE < count ? step + GLANCE : count;
    bool decays = is_zero(m);
    for (; step < end; step++) {
      const pare_adamw o = steps[step];
      adamw_factors f = factors_of(&o);
      if (decays)
        for (int i = 0; i < BLOCK; i++) {
          v[i] = o.beta2 * v[i];
          p[i] = p[i] * f.keep;
        }
      else
        for (int i = 0; i < BLOCK; i++) adamw_element(&o, f, none[i], &p[i], &m[i], &v[i]);
    }
  }
}

PARE_CLONES
static void rows_piece(void *context, int piece) {
  const pare_adamw_rows *a = context;
  int end = (piece + 1) * ROWS < a->count ? (piece + 1) * ROWS : a->count;
  for (int index = piece * ROWS; index < end; index++) {
    int row = a->rows ? a->rows[index] : index, first = a->taken[row];
    a->taken[row] = a->step_count;
    for (int start = 0; start < a->width && first < a->step_count; start += BLOCK) {
      size_t place = (size_t)row * a->width + start;
      size_t bytes = (size_t)(a->width - start < BLOCK ? a->width - start : BLOCK) * sizeof(float);
      float p[BLOCK] = {0}, m[BLOCK] = {0}, v[BLOCK] = {0};
      memcpy(p, a->parameter + place, bytes);
      memcpy(m, a->first_moment + place, bytes);
      memcpy(v, a->second_moment + place, bytes);
      int last = a->step_count - 1;
      rest(a->steps + first, (a->gradient ? last : a->step_count) - first, p, m, v);
      if (a->gradient) {
        const pare_adamw o = a->steps[last];
        adamw_factors f = factors_of(&o);
        float g[BLOCK] = {0};
        memcpy(g, a->gradient + place, bytes);
        memset(a->gradient + place, 0, bytes);
        for (int i = 0; i < BLOCK; i++) adamw_element(&o, f, g[i] * o.gradient_scale, &p[i], &m[i], &v[i]);
      }
      memcpy(a->parameter + place, p, bytes);
      memcpy(a->first_moment + place, m, bytes);
      memcpy(a->second_moment + place, v, bytes);
    }
  }
}

void pare_adamw_step_rows(pare_device *device, const pare_adamw_rows *rows) {
  pare_run(device, (rows->count + ROWS - 1) / ROWS, rows_piece, (void *)rows);
}
