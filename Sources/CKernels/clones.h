// How a loop is compiled for several CPU levels in one binary, and the vectorizable mathematics that loops share.
#ifndef PARE_CLONES_H
#define PARE_CLONES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

// The loader picks the best clone once, through an ifunc. Elsewhere (arm64 has NEON always; macOS has no ifunc)
// the base level is compiled alone.
#if defined(__x86_64__) && defined(__linux__)
#define PARE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PARE_CLONES
#endif

// Before a loop whose turns touch only element i of each array: arrays may be the same memory, and the loop is
// vectorized all the same.
#define PARE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")

#define PARE_INLINE static inline __attribute__((always_inline))

/// eˣ to 2 units in the last place on [-87, 88], clamped outside: eˣ = 2ⁿ · eʳ, |r| ≤ ln 2 / 2, eʳ by its Taylor
/// polynomial of degree 7. Branch-free, so that loops over it vectorize.
PARE_INLINE float pare_exp(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  float n = __builtin_floorf(x * 1.44269504f + 0.5f);
  float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts: the first is exact times n
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t bits = ((int32_t)n + 127) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

/// Φ(x), the normal distribution function, and its density times √(2π), e^(−x²/2). erf by Abramowitz & Stegun
/// (1964), formula 7.1.26: absolute error below 1.5e-7.
PARE_INLINE float pare_normal(float x, float *bell) {
  float z = __builtin_fabsf(x) * 0.70710678f;
  float e = pare_exp(-z * z);
  float t = 1.0f / (1.0f + 0.3275911f * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  float tail = 0.5f * p * t * e;  // Φ(−|x|)
  *bell = e;
  return x < 0 ? tail : 1.0f - tail;
}

/// The nearest bfloat16, ties to even; a NaN stays one.
PARE_INLINE uint16_t pare_bfloat16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16, quiet = (bits >> 16) | 0x40u;
  return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

/// A 32-bit hash of (key, index) with full avalanche: the finalizer of MurmurHash3 (Appleby, 2011), twice keyed.
PARE_INLINE uint32_t pare_hash(uint64_t key, uint32_t index) {
  uint32_t h = index ^ (uint32_t)key;
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) + (uint32_t)(key >> 32);
  h = h * 0xc2b2ae35u;
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  return h ^ (h >> 13);
}

/// What element `index` is multiplied by: 0 where it is dropped, 1/(1 − p) where it is kept.
PARE_INLINE float pare_dropout_factor(uint64_t key, uint32_t index, uint32_t threshold, float scale) {
  return pare_hash(key, index) < threshold ? 0.0f : scale;
}

PARE_INLINE uint32_t pare_dropout_threshold(pare_dropout dropout) {
  return (uint32_t)(dropout.probability * 4294967040.0f);
}

PARE_INLINE float pare_dropout_scale(pare_dropout dropout) { return 1.0f / (1.0f - dropout.probability); }

#endif
